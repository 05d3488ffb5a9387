"""Web plumbing every route goes through: access rules, request ids, refusals as documents, CSRF, headers, limits."""
