package field

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

//go:embed machine.sh
var machineScript string

// machine is what is known of a server's machine.
type machine struct {
	server     target.ServerName
	layout     hostview.Layout
	version    string   // "3.6.1"
	partitions []string // paths, by the names of partitions
	apart      bool     // indexes lie apart from mail
	channels   []string // of the sync log
}

// machine finds out what is where. What has failed is tried anew the next time.
func (h *host) machine(ctx context.Context) (*machine, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.found != nil {
		return h.found, nil
	}
	said, err := h.shell.exec(ctx, []string{"sh", "-c", machineScript, "machine", cmp.Or(h.paths.ImapdConf, "/etc/imapd.conf"), h.paths.Programs})
	if err != nil {
		return nil, fmt.Errorf("asking what is where: %w", err)
	}
	m, err := parseMachine(h.name, h.paths, string(said))
	if err != nil {
		return nil, err
	}
	// Without its list of mailboxes the scripts would find none, and nothing wrong with them.
	list := path.Join(m.layout.Lists, "mailboxes.db")
	if _, err := h.shell.exec(ctx, []string{"test", "-r", list}); err != nil {
		return nil, fmt.Errorf("%s is not there, or not readable for whom the command runs as: %w", list, err)
	}
	h.found = m
	return m, nil
}

// parseMachine reads what machine.sh says, and puts what the configuration says in its
// place.
func parseMachine(name target.ServerName, paths Paths, said string) (*machine, error) {
	settings := map[string]string{}
	m := &machine{server: name}
	for line := range strings.Lines(said) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		if !ok || settings[key] != "" {
			continue
		}
		settings[key] = value
		if strings.HasPrefix(key, "partition-") && value != "" {
			m.partitions = append(m.partitions, value)
		}
	}
	_, version, _ := strings.Cut(settings["version"], " ")
	m.version, _, _ = strings.Cut(version, "-")
	m.apart = settings["metapartition_files"] != ""
	m.channels = strings.Fields(strings.ReplaceAll(settings["sync_log_channels"], `""`, ""))
	if paths.Partition != "" {
		m.partitions = []string{paths.Partition}
	}
	m.layout = hostview.Layout{
		Lists: cmp.Or(paths.ConfigDirectory, settings["configdirectory"]), Sieve: cmp.Or(paths.SieveDir, settings["sievedir"]), Programs: settings["programs"],
	}
	if len(m.partitions) > 0 {
		m.layout.Mail = m.partitions[0]
	}
	if m.layout.Lists == "" || m.layout.Mail == "" {
		return nil, fmt.Errorf("its imapd.conf names no configdirectory or no partition")
	}
	return m, nil
}

// filesKnown says why message files and databases cannot be looked at, if so.
func (m *machine) filesKnown() error {
	because := func(why string) error {
		return &target.UnsupportedError{Target: string(m.server), What: "look at its files", Why: why}
	}
	switch {
	case len(m.partitions) != 1:
		return because(fmt.Sprintf("its mail lies on %d partitions", len(m.partitions)))
	case m.apart:
		return because("its indexes lie on partitions of their own (metapartition_files)")
	case !byUniqueID(m.version):
		return because(fmt.Sprintf("its Cyrus is %s, and folders go by unique IDs from 3.6 on", cmp.Or(m.version, "of an unknown version")))
	}
	return nil
}

// byUniqueID says whether a version of Cyrus names folders by unique IDs.
func byUniqueID(version string) bool {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return false
	}
	major, errMajor := strconv.Atoi(parts[0])
	minor, errMinor := strconv.Atoi(parts[1])
	return errMajor == nil && errMinor == nil && (major > 3 || major == 3 && minor >= 6)
}

// channelNames are those of the sync log, the one without a name first.
func (m *machine) channelNames() []string {
	named := slices.Compact(slices.Sorted(slices.Values(m.channels)))
	return append([]string{""}, named...)
}

// syncFolders are the folders of the sync log, each channel's own.
func (m *machine) syncFolders() []string {
	var folders []string
	for _, channel := range m.channelNames() {
		folders = append(folders, path.Join(m.layout.SyncFolder(), channel))
	}
	return folders
}
