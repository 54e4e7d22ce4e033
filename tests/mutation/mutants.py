"""Mutants of C++ sources, all in one program: a place that has mutants asks at run time which one is alive.

    if (a < b)   becomes   if ((mqctl_mutant == 7 ? (a <= b) : mqctl_mutant == 8 ? (a >= b) : (a < b)))

Lines are read as text. A mutant that does not compile is left out (mutate.py)."""

import dataclasses
import re

SWAPS = [("<=", ["<", ">"]), (">=", [">", "<"]), ("==", ["!="]), ("!=", ["=="]), ("&&", ["||"]), ("||", ["&&"]),
         (" < ", [" <= ", " >= "]), (" > ", [" >= ", " <= "]), (" + ", [" - "]), (" - ", [" + "]), ("true", ["false"]), ("false", ["true"])]
OPERATOR = re.compile(r"<=(?!>)|>=|==|!=|&&|\|\|| < | > | \+ | - |\btrue\b|\bfalse\b")
NUMBER = re.compile(r"(?<![\w.])(\d+)(?![\w.'])")

CONDITION = re.compile(r"^(\s*(?:\} else )?(?:if|while) \()(.*)(\)(?: \{| return.*;| break;| continue;)?)$")
RETURN = re.compile(r"^(\s*return )([^{}]+)(;)$")
VALUE = re.compile(r"^(\s*(?:const )?(?:u?int\d+_t|size_t|bool|auto|uint64_t) \w+ = )([^{}\[]+)(;)$")
CALL = re.compile(r"^(\s*)((?:\(void\))?[\w.>-]+(?:::\w+)*\([^{}]*\)|[\w.>-]+ [+-]?= [^{}]+|(?:\+\+|--)[\w.]+);$")
LEAVE = re.compile(r"^\s*(?://|#|static_assert|constexpr|using|namespace|template|case|default|else$)|\"|'|\[&|\[this|\? ")


@dataclasses.dataclass
class Mutant:
    number: int
    path: str
    line: int
    was: str
    now: str


def balanced(text):
    depth = 0
    for c in text:
        depth += c == "("
        depth -= c == ")"
        if depth < 0:
            return False
    return depth == 0


def changed(expression):
    """The expression with one thing changed, in each way there is."""
    for found in OPERATOR.finditer(expression):
        for other in dict(SWAPS)[found[0]]:
            yield expression[:found.start()] + other + expression[found.end():]
    for found in NUMBER.finditer(expression):
        yield expression[:found.start()] + str(int(found[0]) + 1) + expression[found.end():]


class Source:
    """A file and what can be changed in it. `number` is the first mutant's."""

    def __init__(self, path, text, number):
        self.path, self.lines, self.next, self.mutants = path, text.split("\n"), number, []

    def add(self, line, was, now):
        self.mutants.append(Mutant(self.next, self.path, line, was.strip(), now.strip()))
        self.next += 1
        return self.next - 1

    def chain(self, line, expression, variants, refused):
        text = f"({expression})"
        for variant in variants:
            number = self.add(line, expression, variant)
            if number not in refused:
                text = f"(mqctl_mutant == {number} ? ({variant}) : {text})"
        return text

    def mutated(self, refused):
        """Its text with all mutants but the refused ones."""
        self.next -= len(self.mutants)
        self.mutants = []
        out = [self.line(number, text, refused) for number, text in enumerate(self.lines, 1)]
        return "#include <cstdlib>\nnamespace { [[maybe_unused]] const int mqctl_mutant = std::getenv(\"MQCTL_MUTANT\") ? std::atoi(std::getenv(\"MQCTL_MUTANT\")) : 0; }\n" \
            + "#line 1\n" + "\n".join(out)

    def line(self, number, text, refused):
        if LEAVE.search(text):
            return text
        if found := CONDITION.match(text):
            begin, condition, end = found.groups()
            declaration, _, condition = condition.rpartition("; ")
            if not balanced(condition) or " = " in condition or re.match(r"(const )?[A-Z]\w*[*&]? \w+$", condition):
                return text
            begin += declaration + "; " if declaration else ""
            return begin + self.chain(number, condition, [f"!({condition})", *changed(condition)], refused) + end
        if found := RETURN.match(text) or VALUE.match(text):
            begin, expression, end = found.groups()
            if not balanced(expression) or re.search(r", \w+ = ", expression):
                return text
            variants = list(changed(expression))
            return begin + self.chain(number, expression, variants, refused) + end if variants else text
        if found := CALL.match(text):
            if not balanced(found[2]) or found[2].startswith(("return", "delete", "throw")):
                return text
            mutant = self.add(number, found[2], "nothing")
            return text if mutant in refused else f"{found[1]}if (mqctl_mutant != {mutant}) {{ {found[2]}; }}"
        return text
