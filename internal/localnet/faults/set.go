package faults

import (
	"slices"
	"sync"
)

// Set holds the faults of one endpoint. Decisions depend on the seed and on how often each fault was asked, never on
// time, so that a run can be repeated. It is safe for concurrent use.
type Set struct {
	mu    sync.Mutex
	seed  uint64
	armed []*armed
}

type armed struct {
	Fault
	asked uint64
	hits  int
}

// NewSet returns a set whose chances are drawn from the seed.
func NewSet(seed uint64, faults ...Fault) *Set {
	s := &Set{seed: seed}
	for _, f := range faults {
		s.Add(f)
	}
	return s
}

// Add switches a fault on. One of the same name and method is replaced, its counts begin anew.
func (s *Set) Add(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := func(a *armed) bool { return a.Name == f.Name && a.Method == f.Method }
	s.armed = append(slices.DeleteFunc(s.armed, same), &armed{Fault: f})
}

// Clear switches every fault off.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = nil
}

// All lists what is switched on.
func (s *Set) All() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Fault, 0, len(s.armed))
	for _, a := range s.armed {
		out = append(out, a.Fault)
	}
	return out
}

// Standing reports whether a fault that describes a state (stale, frozen, behind) is on. It uses nothing up.
func (s *Set) Standing(name Name, method string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.find(name, method)
	if a == nil {
		return Fault{}, false
	}
	return a.Fault, true
}

// Hit decides whether the fault strikes this time; a strike uses up one of its Count.
func (s *Set) Hit(name Name, method string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.find(name, method)
	if a == nil {
		return Fault{}, false
	}
	a.asked++
	if a.PerMille > 0 && draw(s.seed, name, a.asked) >= uint64(a.PerMille) {
		return Fault{}, false
	}
	a.hits++
	return a.Fault, true
}

// find prefers the fault set for exactly this method. A used up one no longer counts.
func (s *Set) find(name Name, method string) *armed {
	var general *armed
	for _, a := range s.armed {
		if a.Name != name || (a.Count > 0 && a.hits >= a.Count) {
			continue
		}
		if a.Method == method && method != "" {
			return a
		}
		if a.Method == "" {
			general = a
		}
	}
	return general
}

// draw is a number in 0..999 from splitmix64 over the seed, the fault's name and the turn.
func draw(seed uint64, name Name, turn uint64) uint64 {
	for _, c := range []byte(name) {
		seed = (seed ^ uint64(c)) * 0x100000001b3
	}
	z := seed + turn*0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return (z ^ (z >> 31)) % 1000
}
