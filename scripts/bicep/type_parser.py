"""The parser of types."""

from __future__ import annotations

from scripts.bicep.expressions import ExpressionParser
from scripts.bicep.node import Node
from scripts.bicep.tree import Bool, Member, Name, Null, Number
from scripts.bicep.type_tree import Generic, ListType, Nullable, ObjectType, OtherType, TupleType, TypeField, Union


class TypeParser(ExpressionParser):
    def type(self) -> Node:
        first = self.token
        if self.sees_word("resource") and not self.sees("<", ahead=1):
            self.at += 1
            return self.node(OtherType, first, [self.text()] if self.sees("string", "string-start") else [])
        leading = self.sees_after_newline("|")
        if leading:
            self.newlines()
            self.take("|")
        members = [self.unary_type()]
        while self.sees_after_newline("|"):
            self.newlines()
            self.take("|")
            members.append(self.unary_type())
        return self.node(Union, first, members) if len(members) > 1 or leading else members[0]

    def unary_type(self) -> Node:
        first = self.token
        sign = self.take("-", "!", "+").kind if self.sees("-", "!", "+") else ""
        inner = self.member_type()
        if sign:
            inner = (
                self.node(Number, first, -inner.value)
                if sign == "-" and isinstance(inner, Number)
                else self.node(OtherType, first, [inner])
            )
        while self.sees("?", "!"):
            inner = self.node(Nullable, first, inner) if self.take("?", "!").kind == "?" else inner
        return inner

    def member_type(self) -> Node:
        first = self.token
        inner = self.primary_type()
        while True:
            if self.sees("["):
                self.at += 1
                if self.sees("]"):
                    self.at += 1
                    inner = self.node(ListType, first, inner)
                    continue
                if not self.optional("*"):
                    self.expression(literals=False)
                self.take("]")
                inner = self.node(OtherType, first, [inner])
            elif self.sees("."):
                self.at += 1
                if self.optional("*"):
                    inner = self.node(OtherType, first, [inner])
                    continue
                inner = self.node(Member, first, inner, self.identifier())
                if self.sees("<"):
                    inner = self.node(Generic, first, inner.name, self.type_arguments())
            else:
                return inner

    def type_arguments(self) -> list[Node]:
        self.take("<")
        self.newlines()
        args = [self.type()]
        self.newlines()
        while self.sees(","):
            self.at += 1
            self.newlines()
            args.append(self.type())
            self.newlines()
        self.take(">")
        return args

    def primary_type(self) -> Node:
        token = self.token
        match token.kind:
            case "integer":
                self.at += 1
                return self.node(Number, token, int(token.text))
            case "string" | "string-start":
                return self.text()
            case "{":
                return self.node(ObjectType, token, self.listed("{", "}", self.type_field))
            case "[":
                return self.node(TupleType, token, self.listed("[", "]", self.tuple_item))
            case "(":
                self.at += 1
                inner = self.type()
                self.take(")")
                return inner
        self.take("identifier", what="a type")
        if token.text in ("true", "false"):
            return self.node(Bool, token, token.text == "true")
        if token.text == "null":
            return self.node(Null, token)
        if self.sees("<"):
            return self.node(Generic, token, token.text, self.type_arguments())
        return self.node(Name, token, token.text)

    def tuple_item(self) -> Node:
        self.decorators()
        return self.type()

    def type_field(self) -> TypeField:
        decorators = self.decorators()
        first = self.token
        if self.optional("*"):
            name = "*"
        elif self.sees("string", "string-start"):
            name = self.text().value or ""
        else:
            name = self.identifier("a property name")
        self.take(":")
        return self.node(TypeField, first, name, self.type(), decorators)
