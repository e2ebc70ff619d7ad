"""The text of a Bicep file as tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass


class BicepSyntaxError(Exception):
    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Token:
    kind: str  # identifier, integer, string, string-start, string-middle, string-end, newline, end, or the sign itself
    text: str
    start: int
    end: int
    line: int


SPACE = re.compile(
    r"[ \t\ufeff]+|//[^\r\n]*|/\*.*?\*/|#(?:disable-next-line|disable-diagnostics|restore-diagnostics)\b[^\r\n]*", re.S
)
NEWLINE = re.compile(r"(?:\r\n|\r|\n)+")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
DIGITS = re.compile(r"[0-9]+")
SIGN = re.compile(r"\.\.\.|\?\?|::|!=|!~|==|=~|=>|&&|\|\||<=|>=|[{}()\[\]@,.?:;+\-%*/^!<>=|]")
CODE_POINT = re.compile(r"\\u\{([0-9A-Fa-f]{1,6})\}")
MULTI_LINE = re.compile(r"(\$*)'''")
ESCAPES = {"\\": "\\", "'": "'", "n": "\n", "r": "\r", "t": "\t", "$": "$"}


class Lexer:
    def __init__(self, source: str):
        self.source, self.at, self.line = source, 0, 1
        self.tokens: list[Token] = []
        self.holes: list[tuple[int, int]] = []  # per open ${: (braces open inside it, number of $ or 0 on one line)

    def run(self) -> list[Token]:
        while self.at < len(self.source):
            self.step()
        if self.holes:
            raise BicepSyntaxError(self.line, "string is not closed")
        self.emit("end", "", self.at)
        return self.tokens

    def emit(self, kind: str, text: str, end: int) -> None:
        newline_twice = kind == "newline" and self.tokens and self.tokens[-1].kind == "newline"
        if not newline_twice:
            self.tokens.append(Token(kind, text, self.at, end, self.line))
        self.line += len(re.findall(r"\r\n|\r|\n", self.source[self.at : end]))
        self.at = end

    def step(self) -> None:
        source, at = self.source, self.at
        if space := SPACE.match(source, at):
            self.line += len(re.findall(r"\r\n|\r|\n", space[0]))
            self.at = space.end()
        elif newline := NEWLINE.match(source, at):
            self.emit("newline", "\n", newline.end())
        elif word := WORD.match(source, at):
            self.emit("identifier", word[0], word.end())
        elif digits := DIGITS.match(source, at):
            self.emit("integer", digits[0], digits.end())
        elif multi := MULTI_LINE.match(source, at):
            self.text(multi.end(), "string", len(multi[1]), multi_line=True)
        elif source[at] == "'":
            self.text(at + 1, "string", 0, multi_line=False)
        elif source[at] == "}" and self.holes and self.holes[-1][0] == 0:
            dollars = self.holes[-1][1]
            self.text(at + 1, "string-middle", dollars, multi_line=dollars > 0)
        elif sign := SIGN.match(source, at):
            if self.holes and sign[0] in "{}":
                depth, dollars = self.holes[-1]
                self.holes[-1] = (depth + (1 if sign[0] == "{" else -1), dollars)
            self.emit(sign[0], sign[0], sign.end())
        elif source.startswith("/*", at):
            raise BicepSyntaxError(self.line, "comment is not closed")
        else:
            hint = ", strings use '" if source[at] == '"' else ""
            raise BicepSyntaxError(self.line, f"unexpected character {source[at]!r}{hint}")

    def text(self, at: int, kind: str, dollars: int, multi_line: bool) -> None:
        """Read one piece of a string, up to its end or to the next hole, ${."""
        first = kind == "string"
        value, end, closed = self.multi_line(at, dollars, first) if multi_line else self.single_line(at)
        if first and not closed:
            self.holes.append((0, dollars))
        elif closed and not first:
            self.holes.pop()
        kinds = {
            (True, True): "string",
            (True, False): "string-start",
            (False, False): "string-middle",
            (False, True): "string-end",
        }
        self.emit(kinds[first, closed], value, end)

    def single_line(self, at: int) -> tuple[str, int, bool]:
        """Return the text, the position after it, and whether the string ends here."""
        source = self.source
        value: list[str] = []
        while at < len(source) and source[at] not in "\r\n":
            char = source[at]
            if char == "'":
                return "".join(value), at + 1, True
            if source.startswith("${", at):
                return "".join(value), at + 2, False
            if char == "\\":
                char, at = self.escape(at)
            value.append(char)
            at += 1
        raise BicepSyntaxError(self.line, "string is not closed on its line")

    def escape(self, at: int) -> tuple[str, int]:
        """Return what the escape at this position stands for, and the position of its last character."""
        if code_point := CODE_POINT.match(self.source, at):
            return chr(int(code_point[1], 16)), code_point.end() - 1
        letter = self.source[at + 1 : at + 2]
        if letter == "$" and self.source.startswith("{", at + 2):
            return "${", at + 2
        if letter not in ESCAPES:
            raise BicepSyntaxError(self.line, f"unknown escape \\{letter}")
        return ESCAPES[letter], at + 1

    def multi_line(self, at: int, dollars: int, first: bool) -> tuple[str, int, bool]:
        hole = rf"|\${{{dollars}}}\{{" if dollars else ""
        found = re.compile("'{3,}" + hole).search(self.source, at)
        if not found:
            raise BicepSyntaxError(self.line, "string is not closed with '''")
        if first and (newline := re.compile(r"\r?\n").match(self.source, at)):
            at = newline.end()
        if found[0].endswith("{"):
            return self.source[at : found.start()], found.end(), False
        return self.source[at : found.end() - 3], found.end(), True
