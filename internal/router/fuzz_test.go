package router

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go"
)

func FuzzDecodePolicy(f *testing.F) {
	f.Add(Policy{Vault: named("vault"), MinPayout: 1}.Encode())
	f.Add(fromBase64(f, golden(f).Policies[1].AccountData))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := DecodePolicy(ProgramDevnet, ProgramDevnet, data)
		if err == nil && !bytes.Equal(p.Encode(), data) {
			t.Fatalf("%x decodes to %+v, which encodes to %x", data, p, p.Encode())
		}
	})
}

func FuzzDecodeProgress(f *testing.F) {
	f.Add(Progress{Vault: named("vault"), LastDistributionTS: 1, DayComplete: true}.Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := DecodeProgress(ProgramDevnet, ProgramDevnet, data)
		if err == nil && !bytes.Equal(p.Encode(), data) {
			t.Fatalf("%x decodes to %+v, which encodes to %x", data, p, p.Encode())
		}
	})
}

func FuzzDecodeInstruction(f *testing.F) {
	cursor := uint32(20)
	f.Add(DistributeFeesArgs{PageSize: 20}.Encode())
	f.Add(DistributeFeesArgs{PageSize: 20, Cursor: &cursor}.Encode())
	f.Add(InitializeArgs{MinPayout: 1}.Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		args, err := DecodeInstruction(data)
		if err == nil && !bytes.Equal(args.Encode(), data) {
			t.Fatalf("%x decodes to %+v, which encodes to %x", data, args, args.Encode())
		}
	})
}

func FuzzDecodeEvent(f *testing.F) {
	for _, e := range eventsOfTheVectors(f) {
		f.Add(EncodeEvent(e))
	}
	f.Add(EncodeEvent(InvestorPayoutPage{}))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := DecodeEvent(data)
		if err == nil && !bytes.Equal(EncodeEvent(e), data) {
			t.Fatalf("%x decodes to %+v, which encodes to %x", data, e, EncodeEvent(e))
		}
	})
}

// FuzzParseEvents also checks that no text below another program's call can become an event of the router.
func FuzzParseEvents(f *testing.F) {
	for _, v := range golden(f).Events {
		f.Add(strings.Join(v.Logs, "\n"))
	}
	f.Add("Program x invoke [1]\nLog truncated")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		_, _, _ = ParseEvents(lines, ProgramDevnet)
		logs := []string{invoke(solana.TokenProgramID, 1)}
		for _, l := range lines {
			if strings.HasPrefix(l, dataPrefix) {
				logs = append(logs, l)
			} else {
				logs = append(logs, "Program log: "+l) // All that a program can bring about.
			}
		}
		events, _, err := ParseEvents(append(logs, success(solana.TokenProgramID)), ProgramDevnet)
		if err != nil || len(events) != 0 {
			t.Fatalf("%d events, error %v from another program's logs %q", len(events), err, logs)
		}
	})
}
