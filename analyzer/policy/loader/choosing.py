"""Part five of the loader: objects to which the pickle gave something to call, as `analyzer/pickle/chosen-methods.ts` has it.

Whoever is handed such an object may call methods of it by their names, and would call what the pickle chose.
"""

from rules import PLAIN, _spelt, re
from keeping import _acts

# Containers inside each other that are looked into; deeper ones count as having such an object.
DEEPEST_CONTAINER = 6
CONTAINERS = frozenset([tuple, list, dict, set, frozenset])
# They keep what they are handed for whoever calls what they made, or look at its class alone.
ONLY_KEEP = frozenset([("builtins", "getattr"), ("functools", "partial"), ("_functools", "partial"), ("types", "MethodType")])
# They ask what they are handed for its items and keys, and of what is in there only what its class has.
GO_THROUGH = frozenset(
    [("builtins", name) for name in "dict frozenset list set tuple".split()]
    + [("collections", name) for name in "Counter OrderedDict defaultdict deque".split()]
)

# Types that make a value of what they are handed, or fail: objects keep them as the type of what they hold. And a value that cannot be called.
PLAIN_NAMES = re.compile(
    r"(pandas\._libs\.missing\.NA|builtins\.(bool|bytes|complex|float|int|object|str)|numpy\.(bool_?|bytes_|(complex|float|u?int)[0-9]+|datetime64|double|dtype"
    r"|ndarray|object_|single|str_|timedelta64))"
)


class Choosing:
    """Knows such objects: to be mixed into `Enforcement`."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        # By identity, and with the object: those that were given something to call, and what keeps such.
        self._chosen = {}
        self._keepers = {}

    def _check_chosen(self, opcode, size, function, arguments, keywords=None):
        """What a call is handed has no methods that the pickle chose."""
        names = self._names(function) or set()
        if self._chosen and names.isdisjoint(ONLY_KEEP):
            depth = -1 if not names.isdisjoint(GO_THROUGH) else DEEPEST_CONTAINER
            if any(self._has_chosen(value, depth) for value in (*arguments, *(keywords or {}).values())):
                self._refuse(opcode, size, _spelt(names), "call whose effect is not known")

    def _has_chosen(self, value, depth):
        if id(value) in self._chosen:
            return True
        if depth < 0 or type(value) not in CONTAINERS or self._is_foreign(value):
            return False
        return depth == 0 or any(self._has_chosen(each, depth - 1) for each in _inside_of(value))

    def _note_chosen(self, target, values):
        """Notes what an object is given: a state, or items."""
        if any(self._is_to_call(value, DEEPEST_CONTAINER) for value in values):
            self._chosen[id(target)] = target

    def _note_handed(self, function, arguments):
        """Notes what the maker of an object was handed. What that was by itself, whoever made it put where he wanted."""
        made = self.stack[-1]
        if type(made) in PLAIN and type(made) not in CONTAINERS:
            return
        if any(map(_acts, self._names(function) or ())):
            self._keepers[id(made)] = made
        else:
            self._note_chosen(made, [value for value in arguments if not self._is_callable(value)])

    def _is_callable(self, value):
        names = self._names(value)
        if names is not None:
            return not any(PLAIN_NAMES.fullmatch(".".join(name)) for name in names)
        return id(value) in self._keepers

    def _is_to_call(self, value, depth):
        if self._is_callable(value) or id(value) in self._chosen:
            return True
        if type(value) not in CONTAINERS or self._is_foreign(value):
            return False
        return depth == 0 or any(self._is_to_call(each, depth - 1) for each in _inside_of(value))


def _inside_of(container):
    return [part for item in container.items() for part in item] if type(container) is dict else container
