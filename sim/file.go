package sim

import (
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/rfc5322"
)

// file is one message file. Its bytes are never changed in place; its date is
// INTERNALDATE, with which Cyrus stamps it.
type file struct {
	body []byte
	date int64
	read *reading // nil: of a file that is not there

	denied bool // Cyrus may not read it
}

// newFile makes a file of bytes that nobody changes any more.
func newFile(body []byte, date int64) file {
	return file{body: body, date: date, read: &reading{of: body, sha1: guidOf(body)}}
}

// sentFile makes a file of a message as a client sent it.
func sentFile(message target.AppendMessage, date int64) file {
	if message.SHA1 == "" {
		return newFile(message.Body, date)
	}
	return file{body: message.Body, date: date, read: &reading{of: message.Body, sha1: message.SHA1}}
}

// sha1 returns the SHA-1 of the file's bytes as they are now, in hex.
func (f file) sha1() string {
	if f.read.isOf(f.body) {
		return f.read.sha1
	}
	return guidOf(f.body)
}

// field returns the value of the message's first header field of that name.
func (f file) field(name string) (value string, ok bool) {
	if f.read.isOf(f.body) {
		return f.read.field(name)
	}
	return rfc5322.Field(f.body, name)
}

// conversation says to which conversation the message belongs.
func (f file) conversation(guid string) uint64 {
	if !f.read.isOf(f.body) || guid != f.read.sha1 {
		return conversationID(f.body, guid)
	}
	if f.read.conversation == 0 {
		f.read.conversation = conversationID(f.body, guid)
	}
	return f.read.conversation
}

// reading is what was once read of certain bytes, and not each time that somebody asks:
// of a message, what Cyrus keeps in its cache. All files that hold these very bytes share
// it, on both servers.
type reading struct {
	of           []byte
	sha1         string
	fields       []headerField
	conversation uint64 // zero: nobody has asked
}

// headerField is the first header field of a name; not there: the message has none.
type headerField struct {
	name, value string
	there       bool
}

// isOf says whether it is of these very bytes, and not of others or of a copy.
func (r *reading) isOf(body []byte) bool {
	return r != nil && len(body) > 0 && len(body) == len(r.of) && &body[0] == &r.of[0]
}

func (r *reading) field(name string) (value string, ok bool) {
	for i := range r.fields {
		if r.fields[i].name == name {
			return r.fields[i].value, r.fields[i].there
		}
	}
	value, ok = rfc5322.Field(r.of, name)
	r.fields = append(r.fields, headerField{name, value, ok})
	return value, ok
}

// guidOf returns a message's GUID: its SHA-1, in hex.
func guidOf(body []byte) string { return target.SHA1(body) }

// messageFiles are the message files of one mailbox's directory, by UID, with a sum of
// them: so nobody has to go through all to see whether any has changed.
type messageFiles struct {
	at      map[uint32]file // to be read; written by put and remove
	bytes   uint64
	sum     uint64 // of these UIDs, lengths and dates
	changes int    // so far
}

func newMessageFiles() messageFiles { return messageFiles{at: map[uint32]file{}} }

// put puts a file into the place of the one that has its UID.
func (m *messageFiles) put(uid uint32, f file) {
	m.remove(uid)
	m.changes++
	m.at[uid] = f
	m.bytes += uint64(len(f.body))
	m.sum += f.scatter(uid)
}

func (m *messageFiles) remove(uid uint32) {
	f, ok := m.at[uid]
	if !ok {
		return
	}
	m.changes++
	delete(m.at, uid)
	m.bytes -= uint64(len(f.body))
	m.sum -= f.scatter(uid)
}

// scatter makes a number of a file, by its UID, length and date.
func (f file) scatter(uid uint32) uint64 {
	return scatter(scatter(scatter(uint64(uid))+uint64(len(f.body))) + uint64(f.date))
}

// scatter makes a number of another one such that sums of them tell sets apart
// (the finalizer of splitmix64).
func scatter(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
