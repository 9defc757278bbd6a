package cyrus

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.RecordSaboteur = saboteur{}

// Where things are in cyrus.index, in bytes, in all versions from 3.2 to 3.10: in
// its header, and in each record.
const (
	headerLastUID = 28
	headerCRC     = indexHeader - 4

	recordDate  = 4
	dateLength  = 4
	recordCache = 24
	recordGUID  = 60
	guidLength  = 20
	cacheCRC    = indexRecord - 8
	recordCRC   = indexRecord - 4
)

// recordsOf calls each with every record of an index, as a part of it.
func recordsOf(index []byte, each func(uid uint32, record []byte)) {
	for at := indexHeader; at+indexRecord <= len(index); at += indexRecord {
		record := index[at : at+indexRecord]
		each(binary.BigEndian.Uint32(record), record)
	}
}

// seal makes the checksum of a header or record hold that ends with it.
func seal(sealed []byte, crc int) {
	binary.BigEndian.PutUint32(sealed[crc:], crc32.ChecksumIEEE(sealed[:crc]))
}

// SwapGUIDs implements [target.RecordSaboteur].
func (b saboteur) SwapGUIDs(ctx context.Context, name target.ServerName, account, mailbox string, first, second uint32) (target.Evidence, error) {
	how := fmt.Sprintf("rewritten with the GUIDs of UID %d and UID %d swapped", first, second)
	return b.spoilIndex(ctx, name, account, mailbox, how, swapping(first, second, recordGUID, guidLength))
}

// SwapDates implements [target.RecordSaboteur].
func (b saboteur) SwapDates(ctx context.Context, name target.ServerName, account, mailbox string, first, second uint32) (target.Evidence, error) {
	how := fmt.Sprintf("rewritten with the INTERNALDATEs of UID %d and UID %d swapped", first, second)
	return b.spoilIndex(ctx, name, account, mailbox, how, swapping(first, second, recordDate, dateLength))
}

// swapping returns what swaps a field of two records, of so many bytes.
func swapping(first, second uint32, field, length int) func(index []byte) ([]byte, error) {
	return func(index []byte) ([]byte, error) {
		spoiled := bytes.Clone(index)
		var one, two []byte
		recordsOf(spoiled, func(uid uint32, record []byte) {
			switch uid {
			case first:
				one = record
			case second:
				two = record
			}
		})
		if one == nil || two == nil {
			return nil, errors.New("its index has not both messages")
		}
		kept := bytes.Clone(one[field : field+length])
		copy(one[field:], two[field:field+length])
		copy(two[field:], kept)
		seal(one, recordCRC)
		seal(two, recordCRC)
		return spoiled, nil
	}
}

// SetLastUID implements [target.RecordSaboteur].
func (b saboteur) SetLastUID(ctx context.Context, name target.ServerName, account, mailbox string, lastUID uint32) (target.Evidence, error) {
	how := fmt.Sprintf("rewritten with LAST_UID %d", lastUID)
	return b.spoilIndex(ctx, name, account, mailbox, how, func(index []byte) ([]byte, error) {
		if len(index) < indexHeader {
			return nil, fmt.Errorf("its index has no whole header")
		}
		spoiled := bytes.Clone(index)
		binary.BigEndian.PutUint32(spoiled[headerLastUID:], lastUID)
		seal(spoiled[:indexHeader], headerCRC)
		return spoiled, nil
	})
}
