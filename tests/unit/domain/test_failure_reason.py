"""Why an attempt failed is shown without what its exception was handling."""

import pytest

from domain.workflows.failure_reason import MAX_REASON, failure_reason

ACTIVITY = "Activity function 'authorise_payment' failed: "
SUB_ORCHESTRATION = "Orchestrator function 'process_chunk' failed: "


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (f"{ACTIVITY}ProviderUnavailable: Stripe answers 503", "Stripe answers 503"),
        (f"{SUB_ORCHESTRATION}{ACTIVITY}StorageUnavailable: the table is busy", "the table is busy"),
        (f"{ACTIVITY}ProviderUnavailable: first line\nStack: File secret.py", "first line"),
        (f"{ACTIVITY}ValueError: whatever 'ada@example.com' had sent", "ValueError"),
        (f"{ACTIVITY}KeyError", "KeyError"),
        ("python exited with code 137 (0x89)", "the worker process ended (code 137)"),
        ("Timeout value of 00:10:00 was exceeded by function", "the function ran longer than 00:10:00"),
        ("something that no host says", "the attempt failed"),
        ("", "the attempt failed"),
    ],
)
def test_a_reason_keeps_the_words_of_the_shop_alone(error: str, reason: str):
    assert failure_reason(error) == reason


@pytest.mark.parametrize(
    "private",
    [
        "ada@example.com",
        "sk_test_abcdefgh12345678",
        "whsec_abcdefgh12345678",
        "pi_abc12345_secret_def67890",
        "EZTKabcdefgh12345678",
        "Bearer abc.def",
        "AccountKey=abc/def==",
        "sig=abc%2F",
    ],
)
def test_a_reason_hides_keys_and_addresses(private: str):
    reason = failure_reason(f"{ACTIVITY}ProviderUnavailable: 500 for {private} at last")
    assert private not in reason
    assert reason.startswith("500 for [hidden]")


def test_a_reason_with_a_card_number_is_none_at_all():
    assert failure_reason(f"{ACTIVITY}ProviderUnavailable: no 4242-4242-4242-4242 today") == "the attempt failed"


def test_a_reason_is_one_short_line_however_long_the_text():
    reason = failure_reason(f"{ACTIVITY}ProviderUnavailable: {'x' * 1_000_000}\tend")
    assert reason == "x" * MAX_REASON
