package domain

// ArrearState says what is known of money that an investor did not get.
type ArrearState string

// States of an arrear. The program cannot pay the past: only people end one, by settling it outside.
const (
	ArrearOpen     ArrearState = "open"            // What kept the investor out still stands, or was not looked at yet.
	ArrearEligible ArrearState = "eligible_again"  // The last test found the stream valid: from now on its days are paid.
	ArrearSettled  ArrearState = "settled_outside" // Somebody paid or waived it outside the program; see the audit log.
)

// ArrearStates lists them in the order in which tables show them.
func ArrearStates() []ArrearState { return []ArrearState{ArrearOpen, ArrearEligible, ArrearSettled} }

// Arrear is a line of the catch-up list: what one stream would have got on one day, and why it did not. Vault, day and
// stream name it.
type Arrear struct {
	Vault      string      `json:"vault"`
	Day        Day         `json:"day"`
	Stream     string      `json:"stream"`
	Recipient  string      `json:"recipient,omitempty"` // Empty when the stream's bytes do not tell.
	Reason     Reason      `json:"reason"`
	Would      *Amount     `json:"would"` // Base units of Token; null is unknown, which is not nothing.
	Token      Token       `json:"token"`
	State      ArrearState `json:"state"`
	RetestedOn Day         `json:"retested_on,omitempty"` // The planned day at which it was tested last.
	Retest     string      `json:"retest,omitempty"`      // What that test found.
	Note       string      `json:"note,omitempty"`
}

// ArrearTotal sums one vault's arrears of one token and state.
type ArrearTotal struct {
	Vault   string      `json:"vault"`
	Token   Token       `json:"token"`
	State   ArrearState `json:"state"`
	Count   int         `json:"count"`
	Amount  Amount      `json:"amount"`  // Of those whose amount is known.
	Unknown int         `json:"unknown"` // How many have no known amount: the true sum is higher.
}

// TotalArrears sums arrears by vault, mint and state, in the order in which they first appear. ErrOverflow means that a
// sum left the range of u64.
func TotalArrears(arrears []Arrear) ([]ArrearTotal, error) {
	type key struct {
		vault, mint string
		state       ArrearState
	}
	at := map[key]int{}
	out := []ArrearTotal{}
	for _, a := range arrears {
		k := key{a.Vault, a.Token.Mint, a.State}
		i, seen := at[k]
		if !seen {
			i = len(out)
			at[k] = i
			out = append(out, ArrearTotal{Vault: a.Vault, Token: a.Token, State: a.State})
		}
		out[i].Count++
		if a.Would == nil {
			out[i].Unknown++
			continue
		}
		var err error
		if out[i].Amount, err = out[i].Amount.Add(*a.Would); err != nil {
			return nil, err
		}
	}
	return out, nil
}
