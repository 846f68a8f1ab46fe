package faults_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
)

func TestParse_ReadsWhatPeopleType(t *testing.T) {
	tests := []struct {
		give string
		want faults.Fault
	}{
		{"drop", faults.Fault{Name: faults.Drop, PerMille: 300}},
		{"drop=50", faults.Fault{Name: faults.Drop, PerMille: 50}},
		{"drop=5%", faults.Fault{Name: faults.Drop, PerMille: 50}},
		{"429=20%,method=getAccountInfo,count=3,for=2s", faults.Fault{Name: faults.TooManyRequests, PerMille: 200, Method: "getAccountInfo", Count: 3, Duration: 2 * time.Second}},
		{"late=30,chance=10%", faults.Fault{Name: faults.Late, Value: 30, PerMille: 100}},
		{"latency=250", faults.Fault{Name: faults.Latency, Value: 250}},
		{"frozen", faults.Fault{Name: faults.Frozen}},
		{"rollback=5", faults.Fault{Name: faults.Rollback, Value: 5, Count: 1}},
		{"ws-cut", faults.Fault{Name: faults.WSCut, Count: 1}},
		{"ws-cut=1%", faults.Fault{Name: faults.WSCut, PerMille: 10}},
	}
	for _, test := range tests {
		t.Run(test.give, func(t *testing.T) {
			got, err := faults.Parse(test.give)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestParse_RefusesAndSaysWhy(t *testing.T) {
	tests := []struct{ give, want string }{
		{"", "unknown name"},
		{"dorp", "use one of"},
		{"drop=0", "1..1000"},
		{"drop=101%", "1..1000"},
		{"drop=x", "not a chance"},
		{"late=x", "not a whole number"},
		{"late=-1", "negative"},
		{"rollback=32", "largest possible"},
		{"frozen=1", "takes no value"},
		{"drop,count=x", "cannot be read"},
		{"drop,color=red", "unknown setting"},
	}
	for _, test := range tests {
		t.Run(test.give, func(t *testing.T) {
			_, err := faults.Parse(test.give)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestParse_EveryNameHasADefault(t *testing.T) {
	for _, name := range faults.Names() {
		f, err := faults.Parse(string(name))
		require.NoError(t, err)
		body, err := json.Marshal(f)
		require.NoError(t, err)
		var back faults.Fault
		require.NoError(t, json.Unmarshal(body, &back))
		require.Equal(t, f, back)
	}
}

func TestSet_ChanceFollowsTheSeedAndKeepsItsRate(t *testing.T) {
	strikes := func(seed uint64) (pattern []bool, count int) {
		s := faults.NewSet(seed, faults.Fault{Name: faults.Drop, PerMille: 200})
		for range 5000 {
			_, hit := s.Hit(faults.Drop, "sendTransaction")
			pattern = append(pattern, hit)
			if hit {
				count++
			}
		}
		return pattern, count
	}
	first, count := strikes(1)
	again, _ := strikes(1)
	other, _ := strikes(2)
	require.Equal(t, first, again)
	require.NotEqual(t, first, other)
	require.InDelta(t, 1000, count, 120)
}

func TestSet_MethodAndCountLimitAFault(t *testing.T) {
	s := faults.NewSet(
		1,
		faults.Fault{Name: faults.Hang, Method: "getSlot", Count: 2},
		faults.Fault{Name: faults.Stale, Value: 9},
	)
	hit := func(name faults.Name, method string) bool { _, ok := s.Hit(name, method); return ok }
	require.False(t, hit(faults.Hang, "getBalance"))
	require.True(t, hit(faults.Hang, "getSlot"))
	require.True(t, hit(faults.Hang, "getSlot"))
	require.False(t, hit(faults.Hang, "getSlot"))
	standing, on := s.Standing(faults.Stale, "anything")
	require.True(t, on)
	require.EqualValues(t, 9, standing.Value)
	s.Add(faults.Fault{Name: faults.Stale, Value: 3})
	require.Len(t, s.All(), 2, "the same fault is replaced")
	s.Clear()
	_, on = s.Standing(faults.Stale, "")
	require.False(t, on)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"drop=5%", "429,method=x,count=1", "late=9,for=1s", "=", "drop=99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := faults.Parse(text)
		if err == nil {
			require.NoError(t, parsed.Check())
		}
	})
}
