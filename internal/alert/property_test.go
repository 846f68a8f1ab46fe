package alert_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// model is a small fleet in random weather: conditions come, go and become unknown, messages are late or lost, and people
// acknowledge and mute as they like. It keeps what was said and checks the promises after every step.
type model struct {
	e     *alert.Engine
	s     alert.State
	now   time.Time
	ill   []vaultWeather
	f     scene
	queue []domain.Message // Shown and not delivered.
	told  []domain.Delivered

	shown    map[string]domain.Message   // By key and seq.
	said     map[string][]domain.Message // By key, in order, each once.
	stamped  map[string]time.Time        // By key and seq: when it was delivered.
	opened   map[string]bool
	resolved map[string]bool
}

type vaultWeather struct {
	base    bool
	payer   uint64
	policy  int
	unknown bool
}

func newModel(vaults int) *model {
	return &model{
		e: engine(), now: noon, ill: make([]vaultWeather, vaults), f: quietScene(),
		shown: map[string]domain.Message{}, said: map[string][]domain.Message{}, stamped: map[string]time.Time{}, opened: map[string]bool{}, resolved: map[string]bool{},
	}
}

func (m *model) vaults() ([]domain.VaultSample, []string) {
	var all []domain.VaultSample
	var ids []string
	for i, w := range m.ill {
		s := quietScene()
		s.v.Vault, s.v.At = fmt.Sprint("v", i), m.now
		s.v.Fees.Base = map[bool]domain.Amount{true: 1}[w.base]
		s.v.Payer.Lamports = w.payer
		if w.policy > 0 {
			s.v.Track.Policy = &domain.Changed{At: m.now, To: fmt.Sprint(w.policy)}
		}
		if w.unknown {
			s.blind()
		}
		all, ids = append(all, s.v), append(ids, s.v.Vault)
	}
	return all, ids
}

func (m *model) step(t *rapid.T, orders ...domain.AlertOrder) {
	vaults, ids := m.vaults()
	m.f.f.At, m.f.f.Good = m.now, m.now
	before, err := json.Marshal(m.s.Episodes)
	if err != nil {
		t.Fatal(err)
	}
	given := m.s
	out := m.e.Step(given, alert.Input{Now: m.now, Since: noon, Fleet: &m.f.f, Vaults: vaults, Known: ids, Told: m.told, Orders: orders})
	after, err := json.Marshal(given.Episodes)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Fatal("the state that was given has changed")
	}
	m.s, m.told = out.State, nil
	for _, e := range out.Events {
		switch e.Kind {
		case domain.EventOpened:
			m.opened[e.Episode] = true
		case domain.EventResolved:
			if m.resolved[e.Episode] {
				t.Fatalf("%s is resolved twice", e.Episode)
			}
			m.resolved[e.Episode] = true
		}
	}
	m.hear(t, out.Messages)
	m.check(t)
}

func id(key string, seq int) string { return fmt.Sprint(key, "#", seq) }

// hear takes the messages of a step.
func (m *model) hear(t *rapid.T, messages []domain.Message) {
	if !slices.IsSortedFunc(messages, func(a, b domain.Message) int { return b.Severity.Rank() - a.Severity.Rank() }) {
		t.Fatal("a less severe message comes before a graver one")
	}
	m.queue = messages
	for _, msg := range messages {
		if old, seen := m.shown[id(msg.Key, msg.Seq)]; seen {
			if old.Text != msg.Text || old.Kind != msg.Kind {
				t.Fatalf("%s #%d was shown with another content", msg.Key, msg.Seq)
			}
			continue
		}
		m.shown[id(msg.Key, msg.Seq)] = msg
		said := m.said[msg.Key]
		if msg.Seq != len(said)+1 {
			t.Fatalf("%s says #%d after #%d", msg.Key, msg.Seq, len(said))
		}
		if msg.Kind != domain.MessageInfo {
			m.spaced(t, said, msg)
		}
		m.said[msg.Key] = append(said, msg)
	}
}

// spaced holds a message against those of the same episode before it.
func (m *model) spaced(t *rapid.T, said []domain.Message, msg domain.Message) {
	if len(said) == 0 {
		if msg.Kind != domain.MessageTrigger {
			t.Fatalf("%s begins with %s", msg.Key, msg.Kind)
		}
		return
	}
	last := said[len(said)-1]
	if last.Kind == domain.MessageResolve {
		t.Fatalf("%s speaks after its end", msg.Key)
	}
	if _, delivered := m.stamped[id(last.Key, last.Seq)]; !delivered {
		t.Fatalf("%s #%d overtakes #%d", msg.Key, msg.Seq, last.Seq)
	}
	least := time.Hour
	if ep, ok := m.s.Episodes[msg.Key]; ok && ep.IsGroup() {
		least = 10 * time.Minute
	}
	if msg.Kind != domain.MessageTrigger && msg.Kind != domain.MessageUpdate {
		return
	}
	for _, old := range said {
		if old.Kind != domain.MessageTrigger && old.Kind != domain.MessageUpdate || msg.Severity.Rank() > old.Severity.Rank() {
			continue
		}
		if gap := msg.At.Sub(m.stamped[id(old.Key, old.Seq)]); gap < least {
			t.Fatalf("%s is told twice within %s", msg.Key, gap)
		}
	}
}

// check looks at the state itself.
func (m *model) check(t *rapid.T) {
	active := map[string]bool{}
	refs := map[alert.Ref]bool{}
	for _, ep := range m.s.Active() {
		active[ep.Key] = true
		ref := alert.Ref{Alert: ep.Alert, Subject: ep.Subject}
		if refs[ref] {
			t.Fatalf("two episodes of %v are open", ref)
		}
		refs[ref] = true
	}
	for key := range m.opened {
		if active[key] == m.resolved[key] {
			t.Fatalf("%s is open: %t, resolved: %t", key, active[key], m.resolved[key])
		}
	}
	for _, mute := range m.s.Mutes {
		if mute.Until.Sub(mute.From) > 24*time.Hour {
			t.Fatalf("%s lasts too long", mute.ID)
		}
	}
}

func TestEngine_KeepsItsPromisesInAnyWeather(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(rapid.IntRange(1, 12).Draw(t, "vaults"))
		mutes := 0
		t.Repeat(map[string]func(*rapid.T){
			"the weather changes": func(t *rapid.T) {
				i := rapid.IntRange(0, len(m.ill)-1).Draw(t, "vault")
				m.ill[i] = vaultWeather{
					base: rapid.Bool().Draw(t, "base"), payer: rapid.SampledFrom([]uint64{0, 15_000_000, 1 << 40}).Draw(t, "payer"),
					policy: rapid.IntRange(0, 3).Draw(t, "policy"), unknown: rapid.IntRange(0, 4).Draw(t, "unknown") == 0,
				}
			},
			"it strikes all": func(t *rapid.T) {
				base := rapid.Bool().Draw(t, "base")
				for i := range m.ill {
					m.ill[i].base, m.ill[i].unknown = base, false
				}
			},
			"an endpoint": func(t *rapid.T) { m.f.f.Endpoints[0].Usable = rapid.Bool().Draw(t, "usable") },
			"time passes": func(t *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(30, 1_500).Draw(t, "seconds")) * time.Second)
				m.step(t)
			},
			"messages arrive": func(t *rapid.T) {
				for _, msg := range m.queue {
					if rapid.IntRange(0, 3).Draw(t, "lost") > 0 {
						m.stamped[id(msg.Key, msg.Seq)] = m.now
						m.told = append(m.told, domain.Delivered{Key: msg.Key, Seq: msg.Seq, At: m.now})
					}
				}
				m.queue = nil
				m.step(t)
			},
			"somebody acknowledges": func(t *rapid.T) {
				if all := m.s.Active(); len(all) > 0 {
					m.step(t, domain.AlertOrder{Acknowledge: rapid.SampledFrom(all).Draw(t, "episode").Key, Actor: "ann"})
				}
			},
			"somebody mutes": func(t *rapid.T) {
				mutes++
				mute := domain.Mute{
					ID: fmt.Sprint("mute/", mutes), Kind: domain.MuteAlerts, Vault: rapid.SampledFrom([]string{"", "v0", "v1"}).Draw(t, "vault"),
					Alert: rapid.SampledFrom([]string{"", "base_fee_detected", "payer_low"}).Draw(t, "alert"), Critical: rapid.Bool().Draw(t, "critical"),
					From: m.now, Until: m.now.Add(time.Duration(rapid.IntRange(1, 3_000).Draw(t, "minutes")) * time.Minute), Reason: "r", Actor: "ann",
				}
				m.step(t, domain.AlertOrder{Mute: &mute, Actor: "ann"})
			},
			"somebody unmutes": func(t *rapid.T) { m.step(t, domain.AlertOrder{Unmute: fmt.Sprint("mute/", mutes), Actor: "bob"}) },
		})
	})
}
