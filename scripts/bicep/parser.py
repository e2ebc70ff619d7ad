"""A parser for Bicep: the text of a .bicep or .bicepparam file to a tree.

The grammar follows the language's own rules (precedence, where a new line may stand, what ends a list), so what is refused here
is refused by the compiler too. Codes are the compiler's where one fits.
"""

from __future__ import annotations

from scripts.bicep.lexer import BicepSyntaxError, Token
from scripts.bicep.node import Node
from scripts.bicep.tree import (
    Call,
    Declaration,
    Function,
    If,
    Import,
    Module,
    Output,
    Param,
    Resource,
    Setting,
    TypeDeclaration,
    Var,
)
from scripts.bicep.type_parser import TypeParser

KEYWORDS = [
    "targetScope",
    "metadata",
    "type",
    "param",
    "var",
    "func",
    "resource",
    "output",
    "module",
    "import",
    "extension",
    "assert",
    "using",
]


class Parser(TypeParser):
    """Recursive descent. A declaration that does not parse is reported and skipped."""

    def __init__(self, source: str):
        super().__init__(source)
        self.declarations: list[Declaration] = []
        if not self.errors:
            self.program()

    def program(self) -> None:
        while not self.sees("end"):
            if self.sees("newline"):
                self.at += 1
                continue
            begin = self.at
            try:
                self.declarations.append(self.declaration())
                if not self.sees("end"):
                    self.take("newline", what="a new line")
            except BicepSyntaxError as error:
                self.errors.append((error.line, str(error)))
                self.recover(begin)

    def recover(self, begin: int) -> None:
        """Go on at the next declaration keyword that starts a line in column one."""
        self.at = max(self.at, begin + 1)
        while not self.sees("end"):
            token, before = self.token, self.tokens[self.at - 1]
            starts_line = before.kind == "newline" and (token.start == 0 or self.source[token.start - 1] in "\r\n")
            if starts_line and (token.kind == "@" or token.text in KEYWORDS):
                return
            self.at += 1

    def declaration(self) -> Declaration:
        decorators = self.decorators()
        first = self.token
        keyword = self.take("identifier", what="a declaration").text
        parse = getattr(self, "parse_" + keyword, None) if keyword in KEYWORDS else None
        if parse is None:
            self.at -= 1
            raise BicepSyntaxError(first.line, f"{keyword!r} starts no declaration")
        declared: Declaration = parse(first, decorators)
        return declared

    def value(self) -> Node:
        self.take("=")
        return self.expression()

    def parse_setting(self, first: Token, decorators: list[Call], named: bool) -> Setting:
        name = self.identifier() if named else ""
        return self.node(Setting, first, name=name, decorators=decorators, keyword=first.text, value=self.value())

    def parse_targetScope(self, first: Token, decorators: list[Call]) -> Setting:
        return self.parse_setting(first, decorators, named=False)

    def parse_metadata(self, first: Token, decorators: list[Call]) -> Setting:
        return self.parse_setting(first, decorators, named=True)

    parse_assert = parse_metadata

    def parse_using(self, first: Token, decorators: list[Call]) -> Setting:
        value = self.expression()
        if self.sees_word("with"):
            self.take("identifier")
            self.expression()
        return self.node(Setting, first, keyword="using", value=value, decorators=decorators)

    def parse_extension(self, first: Token, decorators: list[Call]) -> Setting:
        if self.sees("string", "string-start"):
            self.text()
            name = ""
        else:
            name = self.identifier()
        if self.sees_word("with"):
            self.take("identifier")
            self.expression()
        if self.sees_word("as"):
            self.take("identifier")
            name = self.identifier()
        return self.node(Setting, first, keyword="extension", name=name, decorators=decorators)

    def parse_param(self, first: Token, decorators: list[Call]) -> Declaration:
        name = self.identifier("a parameter name")
        if self.sees("="):  # .bicepparam
            return self.node(Setting, first, name=name, decorators=decorators, keyword="param", value=self.value())
        type_ = self.type()
        default = self.value() if self.sees("=") else None
        return self.node(Param, first, name=name, decorators=decorators, type=type_, default=default)

    def parse_var(self, first: Token, decorators: list[Call]) -> Var:
        name = self.identifier()
        type_ = None if self.sees("=") else self.type()
        return self.node(Var, first, name=name, decorators=decorators, type=type_, value=self.value())

    def parse_type(self, first: Token, decorators: list[Call]) -> TypeDeclaration:
        name = self.identifier()
        self.take("=")
        return self.node(TypeDeclaration, first, name=name, decorators=decorators, type=self.type())

    def parse_output(self, first: Token, decorators: list[Call]) -> Output:
        name = self.identifier()
        type_ = self.type()
        return self.node(Output, first, name=name, decorators=decorators, type=type_, value=self.value())

    def parse_func(self, first: Token, decorators: list[Call]) -> Function:
        name = self.identifier()
        self.take("(")
        params, types = [], []
        self.newlines()
        while not self.sees(")"):
            params.append(self.identifier())
            types.append(self.type())
            self.newlines()
            if not self.sees(")"):
                self.take(",")
                self.newlines()
        self.take(")")
        types.append(self.type())
        self.take("=>")
        self.newlines()
        return self.node(
            Function, first, name=name, decorators=decorators, params=params, types=types, body=self.expression()
        )

    def parse_resource(self, first: Token, decorators: list[Call]) -> Resource:
        name, type_ = self.identifier(), self.text()
        existing = self.sees_word("existing")
        self.at += existing
        self.take("=")
        return self.node(
            Resource,
            first,
            name=name,
            decorators=decorators,
            type=type_,
            existing=existing,
            body=self.deployable_body(True),
        )

    def parse_module(self, first: Token, decorators: list[Call]) -> Module:
        name, path = self.identifier(), self.text()
        self.take("=")
        return self.node(Module, first, name=name, decorators=decorators, path=path, body=self.deployable_body(False))

    def deployable_body(self, nested: bool) -> Node:
        if self.sees("newline") and self.sees_word("if", ahead=1):
            self.newlines()
        if self.sees("["):
            return self.loop(lambda: self.guarded_object(nested))
        return self.guarded_object(nested)

    def guarded_object(self, nested: bool) -> Node:
        if not self.sees_word("if"):
            return self.object(nested)
        first = self.take("identifier")
        self.take("(", what="'(' after if")
        self.newlines()
        test = self.expression()
        self.newlines()
        self.take(")")
        return self.node(If, first, test, self.object(nested))

    def parse_import(self, first: Token, decorators: list[Call]) -> Declaration:
        if self.sees("string", "string-start"):
            return self.parse_extension(first, decorators)
        names: dict[str, str] = {}
        if self.sees("*"):
            self.take("*")
            self.take_word("as")
            names[self.identifier()] = "*"
        else:
            for original in self.listed(
                "{", "}", lambda: self.take("identifier", "string", what="an exported name").text
            ):
                alias, _, renamed = original.partition(" ")
                names[renamed or alias] = alias
        self.take_word("from")
        return self.node(Import, first, decorators=decorators, names=names, path=self.text())
