package mailboxname

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// base64 of modified UTF-7: a comma in place of the slash, no padding.
var utf7Base64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").
	WithPadding(base64.NoPadding).Strict()

func isUTF7Plain(r rune) bool { return r >= 0x20 && r <= 0x7e }

// EncodeUTF7 turns UTF-8 into the modified UTF-7 of mailbox names.
func EncodeUTF7(name string) string {
	if strings.IndexFunc(name, func(r rune) bool { return r == '&' || !isUTF7Plain(r) }) < 0 {
		return name
	}
	var out strings.Builder
	for name != "" {
		r, size := utf8.DecodeRuneInString(name)
		switch {
		case r == '&':
			out.WriteString("&-")
		case isUTF7Plain(r):
			out.WriteRune(r)
		default:
			size = strings.IndexFunc(name, isUTF7Plain)
			if size < 0 {
				size = len(name)
			}
			out.WriteString("&" + utf7Base64.EncodeToString(utf16Bytes(name[:size])) + "-")
		}
		name = name[size:]
	}
	return out.String()
}

func utf16Bytes(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit>>8), byte(unit))
	}
	return out
}

// DecodeUTF7 turns the modified UTF-7 of a mailbox's name into UTF-8.
func DecodeUTF7(name string) (string, error) {
	if !strings.Contains(name, "&") {
		return name, nil
	}
	var out strings.Builder
	for {
		plain, rest, shifted := strings.Cut(name, "&")
		out.WriteString(plain)
		if !shifted {
			return out.String(), nil
		}
		encoded, after, ended := strings.Cut(rest, "-")
		text, err := decodeShifted(encoded)
		if err != nil || !ended {
			return "", fmt.Errorf("mailbox name %q is not in modified UTF-7", name)
		}
		out.WriteString(text)
		name = after
	}
}

func decodeShifted(encoded string) (string, error) {
	if encoded == "" {
		return "&", nil
	}
	raw, err := utf7Base64.DecodeString(encoded)
	if err != nil {
		return "", err
	}
	if len(raw)%2 != 0 {
		return "", fmt.Errorf("half a character")
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	return string(utf16.Decode(units)), nil
}
