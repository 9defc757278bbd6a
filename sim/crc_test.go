package sim

import "testing"

// SYNC_CRC is a XOR of CRC-32s, which are linear: what two records of equal length
// exchange leaves it as it was. Replication that trusts it sees no difference.
func TestSyncCRCIsBlindToASwap(t *testing.T) {
	made := func(uid uint32, date int64, body string) record {
		return record{uid: uid, modSeq: 10 + uint64(uid), internalDate: date, lastUpdated: 1795689132, guid: guidOf([]byte(body))}
	}
	crc := func(records ...record) uint32 {
		x := index{records: records}
		x.recalculate()
		return x.crc
	}
	a, b := made(1, 1740830400, "one"), made(2, 1740916800, "two")
	before := crc(a, b)
	swapped := func(swap func(a, b *record)) uint32 {
		a, b := a, b
		swap(&a, &b)
		return crc(a, b)
	}
	if after := swapped(func(a, b *record) { a.guid, b.guid = b.guid, a.guid }); after != before {
		t.Errorf("two GUIDs swapped: SYNC_CRC %d became %d", before, after)
	}
	if after := swapped(func(a, b *record) { a.internalDate, b.internalDate = b.internalDate, a.internalDate }); after != before {
		t.Errorf("two dates swapped: SYNC_CRC %d became %d", before, after)
	}
	if after := swapped(func(a, b *record) { a.guid = b.guid }); after == before {
		t.Error("another GUID leaves SYNC_CRC as it was")
	}
}
