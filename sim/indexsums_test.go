package sim

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever became of an index's records, its sums are those of the records that are there.
func TestSumsAreOfTheRecordsThatAreThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := &index{}
		drawn := rapid.Custom(func(t *rapid.T) record {
			return record{
				uid: rapid.Uint32Range(1, 12).Draw(t, "UID"), size: rapid.Uint32Range(1, 9).Draw(t, "size"),
				modSeq: rapid.Uint64Range(1, 99).Draw(t, "modseq"), guid: fmt.Sprintf("%040x", 7), thread: rapid.Uint64Range(0, 3).Draw(t, "thread"),
				saveDate: rapid.Int64Range(0, 3).Draw(t, "save date"), expunged: rapid.Bool().Draw(t, "expunged"),
				notes: slices.Repeat([]note{{annotation{entry: "/comment", account: "alice"}, "seen"}}, rapid.IntRange(0, 2).Draw(t, "notes")),
			}
		})
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) { x.write(drawn.Draw(t, "record")) },
			"remove": func(t *rapid.T) {
				uid := rapid.Uint32Range(1, 12).Draw(t, "UID")
				x.remove(func(r record) bool { return r.uid == uid })
			},
			"spoil": func(t *rapid.T) {
				if len(x.records) > 0 {
					x.spoil(rapid.IntRange(0, len(x.records)-1).Draw(t, "record"), rapid.Bool().Draw(t, "rotten"))
				}
			},
			"": func(t *rapid.T) {
				anew := &index{}
				for _, r := range x.records {
					r.annotations = 0
					anew.put(len(anew.records), r)
				}
				if x.annotationCRC() != anew.annotationCRC() || x.sums.messages != anew.sums.messages || x.sums.bytes != anew.sums.bytes || x.sums.rotten != anew.sums.rotten {
					t.Fatalf("kept %+v, of the records %+v", x.sums, anew.sums)
				}
			},
		})
	})
}
