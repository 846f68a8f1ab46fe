package bank

// SetRouterUnits makes the routers take that many per cent of their usual compute units from the next transaction on: 500
// is a program five times as dear, of which a page of 25 investors no longer fits a transaction.
func (b *Bank) SetRouterUnits(percent uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.vaults.SetUnits(percent)
}
