"""The ledger: double entry, append-only, always zero in sum. Tables: ledger_entries, ledger_lines, ledger_closings,
payouts.

Debit is positive, credit negative. The accounts of an operator:

- ``provider``: money that the payment service holds for the operator.
- ``travellers``: owed to travellers until the trip has run (credit); open invoices stand against it in ``receivable``.
- ``unmatched``: money that belongs to no booking, or to one that does not count it; owed back (credit).
- ``revenue``: earned by trips that have run and by fees kept of cancelled ones (credit).
- ``provider_fees``, ``commission``, ``losses``: what it cost: the payment service, the platform, chargebacks.
- ``platform``: commission owed to the platform (credit).
- ``cash``: taken on board. ``bank``: the operator's own account. ``receivable``: invoiced and not yet paid.

The entries: charge provider/travellers, charge_unmatched provider/unmatched, refund the same backwards, fee
provider_fees/provider, earned travellers/revenue, commission commission/platform, invoiced receivable/travellers,
collected cash or bank/travellers or receivable, chargeback losses/provider, payout bank/provider, correction
unmatched/travellers. What was earned is entered anew when a refund after the trip changes it, and commission with it.
"""
