"""The five dangers, which outrank everything else a person may mean."""

DANGERS = (  # most urgent first: a life now, a life soon, someone hurt, someone about to be, a mind
    "medical_emergency",
    "risk_of_suicide",
    "safeguarding_concern",
    "risk_to_others",
    "mental_health_crisis",
)
