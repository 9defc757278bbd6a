package sim

import (
	"context"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// CreateMailbox implements [target.MailboxChanges].
func (s *session) CreateMailbox(ctx context.Context, name string) error {
	command := request{"CREATE", name}
	if err := s.do(ctx, command, mailboxTime); err != nil {
		return err
	}
	internal := s.internal(name)
	if err := s.mayCreate(command, internal); err != nil {
		return err
	}
	if err := s.mayMake(command); err != nil {
		return err
	}
	s.create(internal, s.inheritedACL(internal))
	s.pair.tracef("%s created %s", s.name, internal)
	return s.done(ctx, command)
}

// mayCreate refuses names that are taken, or not the user's to give.
func (s *session) mayCreate(command request, internal string) error {
	switch {
	case strings.HasSuffix(internal, ".") || strings.Contains(internal, ".."):
		return no(command, "", textBadName)
	case s.disk.list.find(internal) != nil:
		return no(command, "", textExists)
	}
	for parent := parentOf(internal); strings.Contains(parent, "."); parent = parentOf(parent) {
		if e := s.disk.list.find(parent); e != nil {
			if e.acl.allows(s.user, e.owner(), 'k') {
				return nil
			}
			break
		}
	}
	return no(command, "", textDenied)
}

// RenameMailbox implements [target.MailboxChanges].
func (s *session) RenameMailbox(ctx context.Context, from, to string) error {
	command := request{"RENAME", from}
	if err := s.do(ctx, command, mailboxTime); err != nil {
		return err
	}
	source := s.internal(from)
	if isInbox(source) {
		return s.renameInbox(ctx, command, source, s.internal(to))
	}
	e, err := s.lookUp(command, from, "x")
	if err != nil {
		return err
	}
	destination := s.internal(to)
	if err := s.mayCreate(command, destination); err != nil {
		return err
	}
	if text := s.visit(e).refusal(string(serviceIMAP)); text != "" {
		return no(command, "", text)
	}
	if err := s.writable(command); err != nil {
		return err
	}
	if err := s.writesHeader(command); err != nil {
		s.rename(e, destination, true)
		return err
	}
	s.renameTree(e, destination)
	return s.done(ctx, command)
}

// renameTree renames a mailbox and those below it, unless one of the two lies
// within the other.
func (s *server) renameTree(e *entry, to string) {
	from := e.name
	below := s.disk.list.below(from + ".")
	s.rename(e, to, false)
	if !strings.HasPrefix(to, from+".") && !strings.HasPrefix(from, to+".") {
		for _, child := range below {
			if renamed := to + strings.TrimPrefix(child.name, from); s.disk.list.find(renamed) == nil {
				s.rename(child, renamed, false)
			}
		}
	}
	for _, name := range []string{from, to} {
		s.fillIn(name + ".")
	}
}

// renameInbox makes the new mailbox and moves the mail there, which is what it
// means (RFC 3501, section 6.3.5): the INBOX stays. Where there is no mail it is
// refused, and the new mailbox made all the same.
func (s *session) renameInbox(ctx context.Context, command request, source, destination string) error {
	if err := s.mayCreate(command, destination); err != nil {
		return err
	}
	if s.disk.list.find(source) == nil {
		return no(command, "", textNonexistent)
	}
	if err := s.mayMake(command); err != nil {
		return err
	}
	to := s.createAlone(destination, s.inheritedACL(destination))
	s.fillIn(destination)
	if s.pair.version.renameInboxCrashes {
		s.dead = true
		s.reaped(serviceIMAP, segfaultText)
		return lost(command, s.name)
	}
	from, err := s.selectMailbox(ctx, "SELECT", inbox, "r", copyTime)
	if err != nil {
		return err
	}
	records := slices.DeleteFunc(slices.Clone(from.index().records), func(r record) bool { return r.expunged })
	if len(records) == 0 {
		return no(command, "", textNoMessages)
	}
	moved := s.transfer(&from, s.visit(to), records, true)
	s.pair.tracef("%s moved the mail of %s to %s as %v", s.name, source, destination, moved)
	return s.done(ctx, command)
}

// DeleteMailbox implements [target.MailboxChanges].
func (s *session) DeleteMailbox(ctx context.Context, name string) error {
	command := request{"DELETE", name}
	if err := s.do(ctx, command, mailboxTime); err != nil {
		return err
	}
	if err := s.writable(command); err != nil {
		return err
	}
	internal := s.internal(name)
	if e := s.disk.list.find(internal); e != nil && isInbox(internal) {
		return no(command, "", textUnsupported)
	}
	if e := s.disk.list.find(internal); e != nil && s.disk.list.hasChildren(internal) {
		return no(command, "", textHasChildren)
	}
	e, err := s.lookUp(command, name, "x")
	if err != nil {
		return err
	}
	if text := s.visit(e).refusal(string(serviceIMAP)); text != "" {
		return no(command, "", text)
	}
	if s.pair.planted.Is(canary.NamesakesDeleted) {
		for _, namesake := range s.disk.list.below(internal)[1:] {
			s.deleteDelayed(namesake, false)
		}
	}
	err = s.writesHeader(command)
	s.deleteDelayed(e, err != nil)
	if err != nil {
		return err
	}
	return s.done(ctx, command)
}

// Subscribe implements [target.MailboxChanges]. Whatever it is and whether or not
// it changes anything, it is logged as SUB: sync_client looks what there is now. Who
// has never tried to subscribe has no file to take anything out of.
func (s *session) Subscribe(ctx context.Context, name string, subscribed bool) error {
	command := request{"SUBSCRIBE", name}
	if !subscribed {
		command = request{"UNSUBSCRIBE", name}
	}
	if err := s.do(ctx, command, subscribeTime); err != nil {
		return err
	}
	internal, a := s.internal(name), s.disk.account(s.user)
	a.hasSubs = a.hasSubs || subscribed
	if e := s.disk.list.find(internal); subscribed && (e == nil || !e.acl.allows(s.user, ownerOf(internal), 'l')) {
		return no(command, "", textNonexistent)
	}
	if subscribed {
		a.subscriptions[internal] = true
	} else {
		delete(a.subscriptions, internal)
	}
	if a.hasSubs && !s.pair.planted.Is(canary.SubscriptionUnlogged) {
		s.log("SUB", s.user, internal)
	}
	return s.done(ctx, command)
}

// Subscriptions implements [target.MailboxChanges]. LSUB leaves out mailboxes
// that are not there.
func (s *session) Subscriptions(ctx context.Context) ([]string, error) {
	if err := s.do(ctx, request{verb: "LSUB"}, readTime); err != nil {
		return nil, err
	}
	var found []string
	for _, internal := range names(s.disk.account(s.user).subscriptions) {
		if s.disk.list.find(internal) == nil {
			continue
		}
		if name, err := mailboxname.Owner(s.user, internal); err == nil {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found, nil
}

// SetACL implements [target.MailboxChanges].
func (s *session) SetACL(ctx context.Context, name, identifier, rights string) error {
	command := request{"SETACL", name}
	if err := s.do(ctx, command, mailboxTime); err != nil {
		return err
	}
	if err := s.writable(command); err != nil {
		return err
	}
	v, err := s.open(command, name, "a")
	if err != nil {
		return err
	}
	if owner := v.entry.owner(); identifier == owner {
		if !strings.Contains(rights, "a") {
			return no(command, "", textDenied) // owners may not lock themselves out
		}
		rights += implicitRights
	}
	changed := v.entry.acl.with(identifier, rights)
	if err := s.writesHeader(command); err != nil {
		if !s.pair.version.rightsIntoHeaderFirst {
			s.disk.list.grant(v.entry, changed)
			s.disk.list.rewrote(v.entry)
		}
		return err
	}
	s.setACL(v.entry, changed)
	s.pair.tracef("%s set the rights of %s on %s to %q", s.name, identifier, v.entry.name, rights)
	return s.done(ctx, command)
}

// SetAnnotation implements [target.MailboxChanges].
func (s *session) SetAnnotation(ctx context.Context, name, entry, value string) error {
	command := request{"SETMETADATA", name}
	if err := s.do(ctx, command, annotationTime); err != nil {
		return err
	}
	if err := s.writable(command); err != nil {
		return err
	}
	v, err := s.open(command, name, "l")
	if err != nil {
		return err
	}
	key, ok := annotationOf(entry, s.user)
	if !ok {
		return no(command, "", textDenied)
	}
	if v.folder.annotations[key] != value { // who changes nothing needs no right
		if key.account == "" {
			if err := s.allowed(command, v.entry, "rw"); err != nil {
				return err
			}
		}
		if value == "" {
			delete(v.folder.annotations, key)
		} else {
			v.folder.annotations[key] = value
		}
		v.nextModSeq()
		v.leave()
	}
	return s.done(ctx, command)
}

// annotationOf turns what an account calls an entry into its place.
func annotationOf(entry, account string) (annotation, bool) {
	if rest, ok := strings.CutPrefix(entry, "/shared"); ok {
		return annotation{rest, ""}, true
	}
	rest, ok := strings.CutPrefix(entry, "/private")
	return annotation{rest, account}, ok
}

// shownAnnotations is what an account was last told of a mailbox's annotations.
type shownAnnotations struct {
	to   string
	told map[string]string // by entry; nobody changes it
}

// annotationsFor is [annotationsFor], with what was told last where it still holds.
func (f *folder) annotationsFor(account string) map[string]string {
	if !f.told.holds(account, f.annotations) {
		f.told = shownAnnotations{account, annotationsFor(f.annotations, account)}
	}
	return f.told.told
}

// holds says whether an account would be told the same of annotations.
func (s shownAnnotations) holds(account string, annotations map[annotation]string) bool {
	if s.to != account || (s.told == nil) != (len(annotations) == 0) {
		return false
	}
	for _, name := range target.Annotations() {
		key, _ := annotationOf(name, account)
		value, there := annotations[key]
		if told, known := s.told[name]; there != known || told != value {
			return false
		}
	}
	return true
}

// annotationsFor returns what an account is told of a mailbox's annotations; nil
// for none.
func annotationsFor(annotations map[annotation]string, account string) (told map[string]string) {
	if len(annotations) == 0 {
		return nil
	}
	for _, name := range target.Annotations() {
		key, _ := annotationOf(name, account)
		if value, ok := annotations[key]; ok {
			if told == nil {
				told = map[string]string{}
			}
			told[name] = value
		}
	}
	return told
}

// Settings implements [target.MailboxChanges].
func (s *session) Settings(ctx context.Context, name string) (target.Settings, error) {
	command := request{"GETACL", name}
	if err := s.do(ctx, command, readTime); err != nil {
		return target.Settings{}, err
	}
	v, err := s.open(command, name, "a")
	if err == nil {
		err = s.writable(command) // to read annotations it opens cyrus.annotations to write
	}
	if err != nil {
		return target.Settings{}, err
	}
	settings := target.Settings{
		ACL: v.entry.acl.String(), Annotations: annotationsFor(v.folder.annotations, s.user), StorageKiB: target.NoQuota,
	}
	if v.folder.quotaRoot != "" {
		settings.StorageKiB = s.disk.account(v.entry.owner()).quotaKiB
	}
	return settings, nil
}
