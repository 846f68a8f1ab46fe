package streamflow

// Offsets of the fields in a stream account (CHAIN.md §2); the tests hold them against the SDK's layout.
const (
	atMagic                         = 0
	atVersion                       = 8
	atCreatedAt                     = 9
	atWithdrawn                     = 17
	atCanceledAt                    = 25
	atEnd                           = 33
	atLastWithdrawnAt               = 41
	atSender                        = 49
	atSenderTokens                  = 81
	atRecipient                     = 113
	atRecipientTokens               = 145
	atMint                          = 177
	atEscrowTokens                  = 209
	atStreamflowTreasury            = 241
	atStreamflowTreasuryTokens      = 273
	atStreamflowFeeTotal            = 305
	atStreamflowFeeWithdrawn        = 313
	atStreamflowFeeBits             = 321
	atPartner                       = 325
	atPartnerTokens                 = 357
	atPartnerFeeTotal               = 389
	atPartnerFeeWithdrawn           = 397
	atPartnerFeeBits                = 405
	atStart                         = 409
	atDeposited                     = 417
	atPeriod                        = 425
	atAmountPerPeriod               = 433
	atCliff                         = 441
	atCliffAmount                   = 449
	atCancelableBySender            = 457
	atCancelableByRecipient         = 458
	atAutomaticWithdrawal           = 459
	atTransferableBySender          = 460
	atTransferableByRecipient       = 461
	atCanTopup                      = 462
	atStreamName                    = 463
	atWithdrawFrequency             = 527
	atGhost                         = 535
	atPausable                      = 539
	atCanUpdateRate                 = 540
	atGhost2                        = 541
	atIsPDA                         = 545
	atNonce                         = 546
	atClosed                        = 671
	atCurrentPauseStart             = 672
	atPauseCumulative               = 680
	atLastRateChangeTime            = 688
	atFundsUnlockedAtLastRateChange = 696
	atCreationFeeBits               = 704
	atCreationFeeClaimed            = 708
	atAutoClaimFeeBits              = 709
	atAutoClaimFeeClaimed           = 713
	atOldMetadata                   = 714
	atPayer                         = 746
	atBump                          = 778
	atFeePartner                    = 779
	atCancelRequestTime             = 811
	tailEnd                         = 819
)

func (s *Stream) readHead(data []byte) {
	s.Magic = u64(data, atMagic)
	s.Version = data[atVersion]
	s.CreatedAt = i64(data, atCreatedAt)
	s.Withdrawn = u64(data, atWithdrawn)
	s.CanceledAt = i64(data, atCanceledAt)
	s.End = i64(data, atEnd)
	s.LastWithdrawnAt = i64(data, atLastWithdrawnAt)
	copy(s.Sender[:], data[atSender:])
	copy(s.SenderTokens[:], data[atSenderTokens:])
	copy(s.Recipient[:], data[atRecipient:])
	copy(s.RecipientTokens[:], data[atRecipientTokens:])
	copy(s.Mint[:], data[atMint:])
	copy(s.EscrowTokens[:], data[atEscrowTokens:])
	copy(s.StreamflowTreasury[:], data[atStreamflowTreasury:])
	copy(s.StreamflowTreasuryTokens[:], data[atStreamflowTreasuryTokens:])
	s.StreamflowFeeTotal = u64(data, atStreamflowFeeTotal)
	s.StreamflowFeeWithdrawn = u64(data, atStreamflowFeeWithdrawn)
	s.StreamflowFeeBits = u32(data, atStreamflowFeeBits)
	copy(s.Partner[:], data[atPartner:])
	copy(s.PartnerTokens[:], data[atPartnerTokens:])
	s.PartnerFeeTotal = u64(data, atPartnerFeeTotal)
	s.PartnerFeeWithdrawn = u64(data, atPartnerFeeWithdrawn)
	s.PartnerFeeBits = u32(data, atPartnerFeeBits)
}

func (s *Stream) putHead(data []byte) {
	putU64(data, atMagic, s.Magic)
	data[atVersion] = s.Version
	putI64(data, atCreatedAt, s.CreatedAt)
	putU64(data, atWithdrawn, s.Withdrawn)
	putI64(data, atCanceledAt, s.CanceledAt)
	putI64(data, atEnd, s.End)
	putI64(data, atLastWithdrawnAt, s.LastWithdrawnAt)
	copy(data[atSender:], s.Sender[:])
	copy(data[atSenderTokens:], s.SenderTokens[:])
	copy(data[atRecipient:], s.Recipient[:])
	copy(data[atRecipientTokens:], s.RecipientTokens[:])
	copy(data[atMint:], s.Mint[:])
	copy(data[atEscrowTokens:], s.EscrowTokens[:])
	copy(data[atStreamflowTreasury:], s.StreamflowTreasury[:])
	copy(data[atStreamflowTreasuryTokens:], s.StreamflowTreasuryTokens[:])
	putU64(data, atStreamflowFeeTotal, s.StreamflowFeeTotal)
	putU64(data, atStreamflowFeeWithdrawn, s.StreamflowFeeWithdrawn)
	putU32(data, atStreamflowFeeBits, s.StreamflowFeeBits)
	copy(data[atPartner:], s.Partner[:])
	copy(data[atPartnerTokens:], s.PartnerTokens[:])
	putU64(data, atPartnerFeeTotal, s.PartnerFeeTotal)
	putU64(data, atPartnerFeeWithdrawn, s.PartnerFeeWithdrawn)
	putU32(data, atPartnerFeeBits, s.PartnerFeeBits)
}

func (s *Stream) readTerms(data []byte) {
	s.Start = i64(data, atStart)
	s.Deposited = u64(data, atDeposited)
	s.Period = u64(data, atPeriod)
	s.AmountPerPeriod = u64(data, atAmountPerPeriod)
	s.Cliff = i64(data, atCliff)
	s.CliffAmount = u64(data, atCliffAmount)
	s.CancelableBySender = data[atCancelableBySender] != 0
	s.CancelableByRecipient = data[atCancelableByRecipient] != 0
	s.AutomaticWithdrawal = data[atAutomaticWithdrawal] != 0
	s.TransferableBySender = data[atTransferableBySender] != 0
	s.TransferableByRecipient = data[atTransferableByRecipient] != 0
	s.CanTopup = data[atCanTopup] != 0
	copy(s.StreamName[:], data[atStreamName:])
	s.WithdrawFrequency = u64(data, atWithdrawFrequency)
	s.Ghost = u32(data, atGhost)
	s.Pausable = data[atPausable] != 0
	s.CanUpdateRate = data[atCanUpdateRate] != 0
	s.Ghost2 = u32(data, atGhost2)
	s.IsPDA = data[atIsPDA] != 0
	s.Nonce = u32(data, atNonce)
	s.Closed = data[atClosed] != 0
}

func (s *Stream) putTerms(data []byte) {
	putI64(data, atStart, s.Start)
	putU64(data, atDeposited, s.Deposited)
	putU64(data, atPeriod, s.Period)
	putU64(data, atAmountPerPeriod, s.AmountPerPeriod)
	putI64(data, atCliff, s.Cliff)
	putU64(data, atCliffAmount, s.CliffAmount)
	putBool(data, atCancelableBySender, s.CancelableBySender)
	putBool(data, atCancelableByRecipient, s.CancelableByRecipient)
	putBool(data, atAutomaticWithdrawal, s.AutomaticWithdrawal)
	putBool(data, atTransferableBySender, s.TransferableBySender)
	putBool(data, atTransferableByRecipient, s.TransferableByRecipient)
	putBool(data, atCanTopup, s.CanTopup)
	copy(data[atStreamName:], s.StreamName[:])
	putU64(data, atWithdrawFrequency, s.WithdrawFrequency)
	putU32(data, atGhost, s.Ghost)
	putBool(data, atPausable, s.Pausable)
	putBool(data, atCanUpdateRate, s.CanUpdateRate)
	putU32(data, atGhost2, s.Ghost2)
	putBool(data, atIsPDA, s.IsPDA)
	putU32(data, atNonce, s.Nonce)
	putBool(data, atClosed, s.Closed)
}

func (s *Stream) readTail(data []byte) {
	if len(data) < tailEnd {
		return
	}
	s.CurrentPauseStart = i64(data, atCurrentPauseStart)
	s.PauseCumulative = u64(data, atPauseCumulative)
	s.LastRateChangeTime = i64(data, atLastRateChangeTime)
	s.FundsUnlockedAtLastRateChange = u64(data, atFundsUnlockedAtLastRateChange)
	s.CreationFeeBits = u32(data, atCreationFeeBits)
	s.CreationFeeClaimed = data[atCreationFeeClaimed] != 0
	s.AutoClaimFeeBits = u32(data, atAutoClaimFeeBits)
	s.AutoClaimFeeClaimed = data[atAutoClaimFeeClaimed] != 0
	copy(s.OldMetadata[:], data[atOldMetadata:])
	copy(s.Payer[:], data[atPayer:])
	s.Bump = data[atBump]
	copy(s.FeePartner[:], data[atFeePartner:])
	s.CancelRequestTime = i64(data, atCancelRequestTime)
}

func (s *Stream) putTail(data []byte) {
	if len(data) < tailEnd {
		return
	}
	putI64(data, atCurrentPauseStart, s.CurrentPauseStart)
	putU64(data, atPauseCumulative, s.PauseCumulative)
	putI64(data, atLastRateChangeTime, s.LastRateChangeTime)
	putU64(data, atFundsUnlockedAtLastRateChange, s.FundsUnlockedAtLastRateChange)
	putU32(data, atCreationFeeBits, s.CreationFeeBits)
	putBool(data, atCreationFeeClaimed, s.CreationFeeClaimed)
	putU32(data, atAutoClaimFeeBits, s.AutoClaimFeeBits)
	putBool(data, atAutoClaimFeeClaimed, s.AutoClaimFeeClaimed)
	copy(data[atOldMetadata:], s.OldMetadata[:])
	copy(data[atPayer:], s.Payer[:])
	data[atBump] = s.Bump
	copy(data[atFeePartner:], s.FeePartner[:])
	putI64(data, atCancelRequestTime, s.CancelRequestTime)
}
