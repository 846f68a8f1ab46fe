package router

import (
	"testing"

	"github.com/gagliardetto/solana-go"
)

func BenchmarkReferenceDay1000(b *testing.B) {
	shares := make([]Share, 1000)
	for i := range shares {
		shares[i] = Share{solana.PublicKey{0: byte(i), 1: byte(i >> 8)}, uint64(i+1) * 1_000_003}
	}
	terms := DayTerms{Claimed: 987_654_321_987, ShareBPS: 7000, Y0: 1_000_000_000_000, MinPayout: 1000}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReferenceDay(terms, shares, 25); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeProgress(b *testing.B) {
	data := Progress{Vault: ProgramDevnet}.Encode()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeProgress(ProgramDevnet, ProgramDevnet, data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseEvents(b *testing.B) {
	logs := golden(b).Events[0].Logs
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ParseEvents(logs, ProgramDevnet); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDerive(b *testing.B) {
	vault := named("vault")
	for b.Loop() {
		if _, err := Derive(ProgramDevnet, vault, solana.SolMint, ProgramLocalnet); err != nil {
			b.Fatal(err)
		}
	}
}
