"""Part five of the loader: objects to which the pickle gave something to call, as `analyzer/pickle/chosen-methods.ts` has it.

Whoever is handed such an object may call methods of it by their names, and would call what the pickle chose.
"""

from rules import CALLED_BY_OPCODES, GO_THROUGH, ONLY_KEEP, PLAIN, PLAIN_NAMES, _spelt
from keeping import _acts

NAMES_CALLED = frozenset(name for names in CALLED_BY_OPCODES.values() for name in names)


class Choosing:
    """The opcodes that put something into an object or a container, each with a look at what it is: to be mixed into `Enforcement`."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        # By identity, and with the object: those that were given something to call, and what keeps such.
        self._chosen = {}
        self._keepers = {}
        # Containers of the pickle that have, or had, something to call in them, at any depth; and such an object.
        self._holds_callable = {}
        self._holds_chosen = {}
        # Names of what opcodes call, under which the pickle has had something to call.
        self._named = set()

    def _check_chosen(self, opcode, size, function, arguments, keywords=None):
        """What a call is handed has no methods that the pickle chose."""
        names = self._names(function) or ()
        spelt = set(map(".".join, names))
        if self._chosen and spelt.isdisjoint(ONLY_KEEP):
            inside = {} if not spelt.isdisjoint(GO_THROUGH) else self._holds_chosen
            if any(id(value) in self._chosen or id(value) in inside for value in (*arguments, *(keywords or {}).values())):
                self._refuse(opcode, size, _spelt(names), "call whose effect is not known")

    def _is_callable(self, value):
        names = self._names(value)
        if names is not None:
            return not any(PLAIN_NAMES.fullmatch(".".join(name)) for name in names)
        return id(value) in self._keepers

    def _is_to_call(self, value):
        return id(value) in self._chosen or id(value) in self._holds_callable or self._is_callable(value)

    def _note_inside(self, target, values):
        """Notes what an object is given, or what is put into a container."""
        if any(map(self._is_to_call, values)):
            (self._chosen if self._is_foreign(target) else self._holds_callable)[id(target)] = target
        if any(id(value) in self._chosen or id(value) in self._holds_chosen for value in values):
            self._holds_chosen[id(target)] = target

    def _note_items(self, target, keys_and_values):
        for key, value in zip(keys_and_values[::2], keys_and_values[1::2]):
            if type(key) is str and key in NAMES_CALLED and (self._names(value) is not None or id(value) in self._keepers):
                self._named.add(key)
        self._note_inside(target, keys_and_values)

    def _is_named(self, method):
        return not self._named.isdisjoint(CALLED_BY_OPCODES.get(method, ()))

    def _note_handed(self, function, arguments):
        """Notes what the maker of an object was handed. What that was by itself, whoever made it put where he wanted."""
        made = self.stack[-1]
        if type(made) not in PLAIN and any(map(_acts, self._names(function) or ())):
            self._keepers[id(made)] = made
        if any(self._is_to_call(value) for value in arguments if not self._is_callable(value)):
            self._chosen[id(made)] = made

    def load_append(self):
        self._note_inside(self.stack[-2], self.stack[-1:])
        super().load_append()

    def load_appends(self):
        self._note_inside(self.metastack[-1][-1], self.stack)
        super().load_appends()

    def load_additems(self):
        self._note_inside(self.metastack[-1][-1], self.stack)
        super().load_additems()

    def load_setitem(self):
        self._note_items(self.stack[-3], self.stack[-2:])
        super().load_setitem()

    def load_setitems(self):
        self._note_items(self.metastack[-1][-1], self.stack)
        super().load_setitems()

    def load_dict(self):
        items = self.stack
        super().load_dict()
        self._note_items(self.stack[-1], items)

    def load_build(self):
        target, state = self.stack[-2:]
        if self._is_foreign(target):
            self._note_inside(target, [state])
        super().load_build()


def _noting_container(opcode):
    """The handler of an opcode that makes a container of what is on the stack, and a look at what that is."""

    def load_container(self):
        getattr(super(Choosing, self), opcode)()
        made = self.stack[-1]
        self._note_inside(made, made)

    return load_container


for _opcode in ("load_tuple", "load_tuple1", "load_tuple2", "load_tuple3", "load_list", "load_frozenset"):
    setattr(Choosing, _opcode, _noting_container(_opcode))
