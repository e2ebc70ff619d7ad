"""Which texts are one mail address, and how it is written."""

import pytest

from domain.email_address import NotAnAddress, mail_address, needs_smtputf8


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada@EXAMPLE.com", "Ada@example.com"),
        ("o'brien+tag@example.ie", "o'brien+tag@example.ie"),
        # RFC 5890: a domain as A-labels, which every server takes.
        ("ada@münchen.de", "ada@xn--mnchen-3ya.de"),
        ("ada@mu\u0308nchen.de", "ada@xn--mnchen-3ya.de"),
        ("ada@xn--mnchen-3ya.de", "ada@xn--mnchen-3ya.de"),
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
    ],
)
def test_one_address_is_written_one_way(written, kept):
    assert mail_address(written) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@example",
        "ada@@example.com",
        "a b@example.com",
        "ada@example..com",
        "a,b@example.com",
        "victim@example.com,x.",
        "ada@example.com, bob@example.com",
        "ada;x@example.com",
        "a:b@example.com",
        "ada(comment)@example.com",
        "Ada <ada@example.com>",
        '"quoted"@example.com',
        '"@example.com',
        "=?utf-8?q?x?=@example.com",
        "ada@[127.0.0.1]",
        "ada@192.168.1.1",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com\u200b",
        "a\u200bda@example.com",
        "ada@exa\u00admple.com",
        "\ud800@example.com",
        "a" * 65 + "@example.com",
        "ada@" + "a" * 64 + ".com",
        "ada@shop.invalid",
        "x" * 255,
    ],
)
def test_what_is_not_one_address_is_refused(text):
    with pytest.raises(NotAnAddress):
        mail_address(text)


def test_only_a_part_before_the_at_outside_ascii_needs_smtputf8():
    assert needs_smtputf8(mail_address("dörte@example.com"))
    assert not needs_smtputf8(mail_address("ada@münchen.de"))
