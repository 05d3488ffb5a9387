"""Prices: tariffs, the rules that change them, promo codes. Tables: tariffs, tariff_prices, tariff_rules, promo_codes, promo_code_uses."""
