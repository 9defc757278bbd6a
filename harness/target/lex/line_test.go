package lex

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

func TestReadAnswerBelievesNoSize(t *testing.T) {
	never := func([]byte) bool { return false }
	for _, announced := range []string{"* A {67108865}\r\n", "* A {99999999999999999999+}\r\n", "* A %{p g 67108865}\r\n"} {
		_, err := ReadAnswer(bufio.NewReader(strings.NewReader(announced)), never)
		if err == nil || !strings.Contains(err.Error(), "over the limit of 67108864") {
			t.Errorf("%q: got %v", announced, err)
		}
	}
	var err error
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err = ReadAnswer(bufio.NewReader(strings.NewReader("* A {67108864}\r\nshort")), never)
		}
	}).AllocedBytesPerOp()
	if err == nil || allocated > 4*AllocateAtOnce {
		t.Errorf("a literal of 64 MiB that never comes: %v, with %d bytes set aside", err, allocated)
	}
}

func TestReadAnswerTakesLiteralsWhole(t *testing.T) {
	big := strings.Repeat("x{3}\r\n", 40_000)
	for _, answer := range []string{
		"* A {5}\r\na\r\nb} {2+}\r\n\r\n)\r\n",
		"* B %{default fdf3be75f46b0cb2422825bac0c85a2c0872a6a3 4}\r\n\r\n\r\n\r\n",
		"* C \"{5}\"\r\n",
		"* D {240000}\r\n" + big + "\r\n",
	} {
		in := bufio.NewReader(strings.NewReader(answer + "next"))
		got, err := ReadAnswer(in, func([]byte) bool { return false })
		if err != nil || string(got) != answer {
			t.Errorf("read %.60q, %v", got, err)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	for _, answer := range []string{"* A {3}\r\nabc\r\n", "* M %{default fdf3be75f46b0cb2422825bac0c85a2c0872a6a3 1}\r\nx\r\n", "A {99999999}\r\n", "OK {3}\r\n"} {
		f.Add([]byte(answer))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		in := bufio.NewReader(bytes.NewReader(text))
		for {
			if _, err := ReadAnswer(in, func(line []byte) bool { return bytes.HasPrefix(line, []byte("OK")) }); err != nil {
				return
			}
		}
	})
}
