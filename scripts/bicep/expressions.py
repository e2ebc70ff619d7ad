"""The parser of expressions: precedence, lists, strings with holes, objects and loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripts.bicep.lexer import BicepSyntaxError, Token
from scripts.bicep.node import Node
from scripts.bicep.reader import Reader
from scripts.bicep.tree import (
    Array,
    Binary,
    Bool,
    Call,
    For,
    Index,
    Inner,
    Lambda,
    Member,
    Name,
    NotNull,
    Null,
    Number,
    Object,
    Property,
    Resource,
    Spread,
    Ternary,
    Text,
    Unary,
)

PRECEDENCE = {
    sign: level
    for level, signs in enumerate(["??", "||", "&&", "== != =~ !~", "< <= > >=", "+ -", "* / %"], 1)
    for sign in signs.split()
}


class ExpressionParser(Reader):
    def decorators(self) -> list[Call]:
        found = []
        while self.sees("@"):
            first = self.take("@")
            call = self.postfix(self.primary(False), True)
            if not isinstance(call, Call):
                raise BicepSyntaxError(first.line, "a decorator is a call, such as @secure()")
            found.append(call)
            self.take("newline", what="a new line after the decorator")
            self.newlines()
        return found

    def listed(self, opening: str, closing: str, element: Callable[[], object]) -> list[Any]:
        """Return elements that are apart by a comma or by new lines, never by both."""
        self.take(opening)
        items: list[Any] = []
        if self.sees(closing):
            self.at += 1
            return items
        self.newlines()
        while not self.sees(closing):
            item = element()
            if isinstance(item, str) and self.sees_word("as"):  # import { name as alias }
                self.at += 1
                item = f"{item} {self.identifier()}"
            items.append(item)
            if self.sees(closing):
                break
            if self.sees(","):
                comma = self.take(",")
                if self.sees("newline"):
                    raise BicepSyntaxError(comma.line, "a new line after a comma is not allowed here (BCP238)")
            else:
                self.take("newline", what=f"a new line, ',' or {closing!r}")
                self.newlines()
        self.take(closing)
        return items

    def arguments(self) -> list[Node]:
        """Parse ( ... ): new lines may follow '(' and ',' and stand before ')'."""
        self.take("(")
        args: list[Node] = []
        self.newlines()
        while not self.sees(")"):
            args.append(self.expression())
            self.newlines()
            if self.sees(","):
                self.at += 1
                self.newlines()
                if self.sees(")"):
                    raise self.unexpected("an argument after ','")
            elif not self.sees(")"):
                raise self.unexpected("',' or ')'")
        self.take(")")
        return args

    def expression(self, literals: bool = True) -> Node:
        """Parse an expression. literals: whether { } and [ ] may stand here; inside an interpolation they may not."""
        first = self.token
        test = self.binary(0, literals)
        if not self.sees_after_newline("?"):
            return test
        self.newlines()
        self.take("?")
        yes = self.expression(literals)
        if self.sees_after_newline(":"):
            self.newlines()
        self.take(":")
        return self.node(Ternary, first, test, yes, self.expression(literals))

    def binary(self, floor: int, literals: bool) -> Node:
        first = self.token
        left = self.unary(literals)
        while PRECEDENCE.get(self.token.kind, 0) > floor:
            op = self.take(self.token.kind).kind
            left = self.node(Binary, first, op, left, self.binary(PRECEDENCE[op], literals))
        return left

    def unary(self, literals: bool) -> Node:
        if self.sees("!", "-", "+"):
            op = self.take("!", "-", "+")
            return self.node(Unary, op, op.kind, self.postfix(self.primary(literals), literals))
        return self.postfix(self.primary(literals), literals)

    def postfix(self, target: Node, literals: bool) -> Node:
        while True:
            if self.sees("["):
                self.at += 1
                safe, from_end = self.optional("?"), self.optional("^")
                index = self.expression(literals)
                self.take("]")
                target = self.node(Index, target, target, index, safe, from_end)
            elif self.sees("."):
                self.at += 1
                safe = self.optional("?")
                name = self.identifier("a property or function name")
                if self.sees("("):
                    target = self.node(Call, target, target, name, self.arguments())
                else:
                    target = self.node(Member, target, target, name, safe)
            elif self.sees("::"):
                self.at += 1
                target = self.node(Inner, target, target, self.identifier("a nested resource"))
            elif self.sees("!"):
                self.at += 1
                target = self.node(NotNull, target, target)
            else:
                return target

    def optional(self, kind: str) -> bool:
        seen = self.sees(kind)
        self.at += seen
        return seen

    def primary(self, literals: bool) -> Node:
        token = self.token
        match token.kind:
            case "integer":
                self.at += 1
                return self.node(Number, token, int(token.text))
            case "string" | "string-start":
                return self.text()
            case "{" if literals:
                return self.object(False)
            case "[" if literals:
                return (
                    self.loop(self.expression)
                    if self.sees_word("for", ahead=2 if self.sees("newline", ahead=1) else 1)
                    else self.array()
                )
            case "{" | "[":
                raise BicepSyntaxError(token.line, "objects and arrays are not allowed inside an interpolation")
            case "(":
                return self.parenthesised()
            case "identifier":
                return self.word()
        raise self.unexpected("an expression")

    def word(self) -> Node:
        token = self.take("identifier")
        if token.text in ("true", "false"):
            return self.node(Bool, token, token.text == "true")
        if token.text == "null":
            return self.node(Null, token)
        if self.sees("("):
            return self.node(Call, token, None, token.text, self.arguments())
        if self.sees("=>"):
            self.at += 1
            self.newlines()
            return self.node(Lambda, token, [token.text], self.expression())
        return self.node(Name, token, token.text)

    def parenthesised(self) -> Node:
        first = self.token
        inner = self.arguments()
        if self.sees("=>"):
            self.at += 1
            names = [p.name for p in inner if isinstance(p, Name)]
            if len(names) < len(inner):
                raise BicepSyntaxError(first.line, "lambda parameters are names")
            self.newlines()
            return self.node(Lambda, first, names, self.expression())
        if len(inner) != 1:
            raise BicepSyntaxError(first.line, "parentheses hold exactly one expression")
        return inner[0]

    def text(self) -> Text:
        first = self.take("string", "string-start", what="a string")
        parts: list[Any] = [first.text] if first.text else []
        last = first
        while last.kind not in ("string", "string-end"):
            parts.append(self.expression(literals=False))
            last = self.take("string-middle", "string-end", what="the end of the interpolation")
            if last.text:
                parts.append(last.text)
        return self.node(Text, first, parts)

    def array(self) -> Array:
        first = self.token
        return self.node(Array, first, self.listed("[", "]", self.spread_or(self.expression)))

    def spread_or(self, element: Callable[[], Node]) -> Callable[[], Node]:
        def parse() -> Node:
            if not self.sees("..."):
                return element()
            first = self.take("...")
            return self.node(Spread, first, self.expression())

        return parse

    def object(self, nested: bool) -> Object:
        first = self.token
        return self.node(Object, first, self.listed("{", "}", self.spread_or(lambda: self.object_entry(nested))))

    def object_entry(self, nested: bool) -> Node:
        if nested and (self.sees("@") or (self.sees_word("resource") and self.sees("identifier", ahead=1))):
            decorators = self.decorators()
            return self.parse_resource(self.take_word("resource"), decorators)
        first = self.token
        if self.sees("string", "string-start"):
            key: Node = self.text()
        else:
            word = self.take("identifier", what="a property name")
            key = self.node(Name, word, word.text)
        self.take(":")
        return self.node(Property, first, key, self.expression())

    def loop(self, body: Callable[[], Node]) -> For:
        first = self.take("[")
        self.newlines()
        self.take_word("for")
        if self.sees("("):
            self.take("(")
            params = [self.identifier()]
            self.take(",")
            params.append(self.identifier())
            self.take(")")
        else:
            params = [self.identifier("a loop variable")]
        self.take_word("in")
        source = self.expression()
        self.take(":")
        parsed = body()
        self.newlines()
        self.take("]")
        return self.node(For, first, params, source, parsed)

    def parse_resource(self, first: Token, decorators: list[Call]) -> Resource:
        raise NotImplementedError
