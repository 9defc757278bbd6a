package plan

import "testing"

func TestVersions(t *testing.T) {
	for _, test := range []struct {
		bounds, version string
		want            bool
	}{
		{"<3.12", "3.10.2-1+deb13u2", true},
		{"<3.12", "3.6.1-4+deb12u5", true}, // 6 is less than 12, though not as text
		{"<3.12", "model of 3.10.2", true},
		{"<3.12", "3.12.0", false},
		{"<3.12", "3.12.0~rc1-2", true}, // it comes before 3.12.0
		{"<3.12", "3.12.0-beta2", true},
		{"<3.12", "3.12.4-1", false},
		{"<=3.12", "3.12.0", true},
		{"<=3.12", "3.12.1", false},
		{">=3.8 <3.13.1", "3.6.1", false},
		{">=3.8 <3.13.1", "3.8.0", true},
		{">=3.8 <3.13.1", "3.13.0", true},
		{">=3.8 <3.13.1", "3.13.1", false},
		{">3.10", "3.10.0", false},
		{">3.10", "3.10.1", true},
		{"3.10", "3.10.2-1+deb13u2", true},
		{"3.10", "3.1.2", false},
		{"3.10", "3.100.2", false},
		{"3.10.2", "3.10.2-1+deb13u2", true},
		{"3.10.2", "3.10.20", false},
		{"3", "3.6.1", true},
	} {
		v, err := ParseVersions(test.bounds)
		if err != nil {
			t.Fatalf("%q: %v", test.bounds, err)
		}
		if got, err := v.Has(test.version); err != nil || got != test.want {
			t.Errorf("%q has %q: %v, %v", test.bounds, test.version, got, err)
		}
	}
	for _, text := range []string{"", "  ", "=3.10", "<", "< 3.12", "3.x", "<3.12,>=3.8", "<3.12~rc1", "v3.12"} {
		if v, err := ParseVersions(text); err == nil {
			t.Errorf("%q is read as %q", text, v)
		}
	}
	v, err := ParseVersions("<3.12")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Has("of an unknown build"); err == nil {
		t.Error("a text without a number is taken for a version")
	}
}
