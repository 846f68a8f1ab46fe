package operator_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func key(n byte) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = n
	return ed25519.NewKeyFromSeed(seed)
}

func public(n byte) string { return operator.FormatKey(key(n).Public().(ed25519.PublicKey)) }

func roster() operator.Roster {
	return operator.Roster{
		{Name: "ada", Roles: []operator.Role{operator.Viewer, operator.Approver}, Key: public(1)},
		{Name: "bob", Roles: []operator.Role{operator.Operate}, Key: public(2)},
		{Name: "cy", Roles: []operator.Role{operator.Approver}},
		{Name: "ada2", Roles: []operator.Role{operator.Approver}, Key: public(1)},
		{Name: "eve", Roles: []operator.Role{operator.Approver}, Key: public(3), Expires: noon},
	}
}

func approval(name string) operator.Approval {
	return operator.Approval{
		Decision: operator.Resume, Request: "resume-1", State: strings.Repeat("ab", 32), Operator: name, Expires: noon.Add(10 * time.Minute),
	}
}

func signed(t require.TestingT, n byte, a operator.Approval) operator.Approval {
	a, err := operator.Sign(key(n), a)
	require.NoError(t, err)
	return a
}

func TestVerify_RefusalsByReason(t *testing.T) {
	changed := func(f func(*operator.Approval)) operator.Approval {
		a := signed(t, 1, approval("ada"))
		f(&a)
		return a
	}
	tests := []struct {
		name string
		give operator.Approval
		now  time.Time
		code string
	}{
		{"good", signed(t, 1, approval("ada")), noon, ""},
		{"good until its last second", signed(t, 1, approval("ada")), noon.Add(10*time.Minute - time.Second), ""},
		{"expired", signed(t, 1, approval("ada")), noon.Add(10 * time.Minute), operator.CodeExpired},
		{"a signer's clock a little ahead", signed(t, 1, approval("ada")), noon.Add(-6 * time.Minute), ""},
		{"made to last too long", signed(t, 1, approval("ada")), noon.Add(-7 * time.Minute), operator.CodeTooLong},
		{"unknown", signed(t, 9, approval("zoe")), noon, operator.CodeUnknown},
		{"another's key", signed(t, 2, approval("ada")), noon, operator.CodeWrongKey},
		{"no key in the settings", signed(t, 1, approval("cy")), noon, operator.CodeWrongKey},
		{"no such role", signed(t, 2, approval("bob")), noon, operator.CodeRole},
		{"operator expired", signed(t, 3, approval("eve")), noon, operator.CodeRetired},
		{"operator not yet expired", signed(t, 3, approval("eve")), noon.Add(-time.Second), ""},
		{"no signature", approval("ada"), noon, operator.CodeMalformed},
		{"half a signature", changed(func(a *operator.Approval) { a.Signature = a.Signature[:44] }), noon, operator.CodeMalformed},
		{"no decision", changed(func(a *operator.Approval) { a.Decision = "" }), noon, operator.CodeMalformed},
		{"a line break in a name", changed(func(a *operator.Approval) { a.Operator = "ada\nstate: x" }), noon, operator.CodeMalformed},
		{"a short hash", changed(func(a *operator.Approval) { a.State = "ab" }), noon, operator.CodeMalformed},
		{"fractions of a second", changed(func(a *operator.Approval) { a.Expires = a.Expires.Add(1) }), noon, operator.CodeMalformed},
		{"no time", changed(func(a *operator.Approval) { a.Expires = time.Time{} }), noon, operator.CodeMalformed},
		{"another decision", changed(func(a *operator.Approval) { a.Decision = operator.Release }), noon, operator.CodeWrongKey},
		{"another state", changed(func(a *operator.Approval) { a.State = strings.Repeat("ac", 32) }), noon, operator.CodeWrongKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := roster().Verify(tt.give, tt.now, operator.Approver, operator.Admin)
			require.Equal(t, tt.code, fault.CodeOf(err), err)
			if err != nil {
				require.Equal(t, fault.Human, fault.KindOf(err))
			}
		})
	}
}

func TestVerify_AnotherZoneIsTheSameMoment(t *testing.T) {
	a := signed(t, 1, approval("ada"))
	a.Expires = a.Expires.In(time.FixedZone("", 3600))
	require.NoError(t, roster().Verify(a, noon, operator.Approver))
	body, err := json.Marshal(a)
	require.NoError(t, err)
	var back operator.Approval
	require.NoError(t, json.Unmarshal(body, &back))
	require.NoError(t, roster().Verify(back, noon, operator.Approver))
}

func TestDifferent_OneKeyIsOnePersonWhateverItsName(t *testing.T) {
	require.NoError(t, roster().Different("ada", "bob"))
	require.Equal(t, operator.CodeSame, fault.CodeOf(roster().Different("ada", "ada")))
	require.Equal(t, operator.CodeSame, fault.CodeOf(roster().Different("ada", "ada2")))
}

// drawn is any approval that has a text.
func drawn(t *rapid.T, label string) operator.Approval {
	name := rapid.StringMatching(operator.NamePattern)
	return operator.Approval{
		Decision: rapid.SampledFrom([]operator.Decision{operator.Resume, operator.Release}).Draw(t, label+" decision"),
		Request:  name.Draw(t, label+" request"), State: rapid.StringMatching(`^[0-9a-f]{64}$`).Draw(t, label+" state"), Operator: name.Draw(t, label+" operator"),
		Expires: time.Unix(rapid.Int64Range(1_000_000_000, 9_000_000_000).Draw(t, label+" expires"), 0).UTC(),
	}
}

func TestText_NoTwoApprovalsHaveTheSameText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawn(t, "a")
		b := a
		switch rapid.IntRange(0, 5).Draw(t, "what differs") {
		case 0:
			b = drawn(t, "b")
		case 1:
			b.Request, b.Operator = a.Operator, a.Request
		case 2:
			b.Operator += "x"
		case 3:
			b.Expires = b.Expires.Add(time.Second)
		case 4:
			b.State = b.State[1:] + "0"
		}
		one, err := a.Text()
		require.NoError(t, err)
		two, err := b.Text()
		require.NoError(t, err)
		require.Equal(t, a == b, one == two)
		require.Equal(t, 7, len(strings.Split(one, "\n")), "one line a field")
	})
}

func TestVerify_AnyBitThatIsTurnedIsNoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := signed(t, 1, approval("ada"))
		body, err := json.Marshal(a)
		require.NoError(t, err)
		at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
		body[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		var b operator.Approval
		if json.Unmarshal(body, &b) != nil || b == a {
			return // No approval any more, or a key's name in other letters.
		}
		require.Error(t, roster().Verify(b, noon, operator.Approver))
	})
}

func FuzzVerify_NothingUnsignedCounts(f *testing.F) {
	good, _ := json.Marshal(signed(f, 1, approval("ada")))
	want := string(good)
	f.Add(good)
	f.Add([]byte(`{"decision":"resume","request":"resume-1","operator":"ada","expires":"2026-11-25T12:05:00Z"}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var a operator.Approval
		if json.Unmarshal(body, &a) != nil {
			return
		}
		if roster().Verify(a, noon, operator.Approver) != nil {
			return
		}
		a.Expires = a.Expires.UTC()
		again, err := json.Marshal(a)
		require.NoError(t, err)
		require.Equal(t, want, string(again), "only what was signed counts")
	})
}

func TestKey_IsReadAsItIsWritten(t *testing.T) {
	for _, text := range []string{"", "ed25519:", "ed25519:AAAA", "rsa:" + public(1)[8:], public(1) + "\n", " " + public(1), public(1)[:len(public(1))-2] + "B="} {
		_, err := operator.ParseKey(text)
		require.Error(t, err, text)
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := ed25519.NewKeyFromSeed(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed")).Public().(ed25519.PublicKey)
		got, err := operator.ParseKey(operator.FormatKey(raw))
		require.NoError(t, err)
		require.Equal(t, raw, got)
	})
}

func TestKey_OneThatFitsManyTextsIsRefused(t *testing.T) {
	for _, point := range []string{ // The points of small order, and bytes that are no point.
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"0200000000000000000000000000000000000000000000000000000000000000",
	} {
		raw, err := hex.DecodeString(point)
		require.NoError(t, err)
		_, err = operator.ParseKey(operator.FormatKey(raw))
		require.ErrorContains(t, err, "no ed25519 key", point)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(public(1))
	f.Add("ed25519:====")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := operator.ParseKey(text)
		if err == nil {
			require.Equal(t, text, operator.FormatKey(key), "one key has one form")
		}
	})
}

func TestRoster_FindsByNameAndByKey(t *testing.T) {
	o, ok := roster().Owner(key(2).Public().(ed25519.PublicKey))
	require.True(t, ok)
	require.Equal(t, "bob", o.Name)
	_, ok = roster().Owner(key(8).Public().(ed25519.PublicKey))
	require.False(t, ok)
	_, ok = roster().Find("nobody")
	require.False(t, ok)
}
