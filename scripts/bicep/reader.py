"""Moving over the tokens of a file."""

from __future__ import annotations

from scripts.bicep.lexer import BicepSyntaxError, Lexer, Token
from scripts.bicep.node import N, Node


class Reader:
    """Where the parser stands, and what it sees from there."""

    def __init__(self, source: str):
        self.source = source
        self.errors: list[tuple[int, str]] = []
        self.tokens: list[Token] = []
        self.at = 0
        try:
            self.tokens = Lexer(source).run()
        except BicepSyntaxError as error:
            self.errors.append((error.line, str(error)))

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def sees(self, *kinds: str, ahead: int = 0) -> bool:
        return self.at + ahead < len(self.tokens) and self.tokens[self.at + ahead].kind in kinds

    def sees_word(self, word: str, ahead: int = 0) -> bool:
        return self.sees("identifier", ahead=ahead) and self.tokens[self.at + ahead].text == word

    def sees_after_newline(self, kind: str) -> bool:
        return self.sees(kind, ahead=1 if self.sees("newline") else 0)

    def take(self, *kinds: str, what: str = "") -> Token:
        token = self.token
        if token.kind not in kinds:
            raise self.unexpected(what or " or ".join(kinds))
        self.at += 1
        return token

    def unexpected(self, wanted: str) -> BicepSyntaxError:
        found = {"newline": "a new line", "end": "the end of the file"}.get(self.token.kind, repr(self.token.text))
        return BicepSyntaxError(self.token.line, f"expected {wanted}, found {found}")

    def take_word(self, word: str) -> Token:
        if not self.sees_word(word):
            raise self.unexpected(repr(word))
        return self.take("identifier")

    def newlines(self) -> None:
        while self.sees("newline"):
            self.at += 1

    def node(self, kind: type[N], first: Token | Node, *args: object, **fields: object) -> N:
        """Return a node that spans from `first` to the last token taken."""
        return kind(*args, line=first.line, start=first.start, end=self.tokens[self.at - 1].end, **fields)

    def identifier(self, what: str = "a name") -> str:
        return self.take("identifier", what=what).text
