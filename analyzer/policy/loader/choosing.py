"""Part five of the loader: objects to which the pickle gave something to call, as `analyzer/pickle/chosen-methods.ts` has it.

Whoever is handed such an object may call methods of it by their names, and would call what the pickle chose.
"""

from rules import CALLED_BY_OPCODES, GO_THROUGH, ONLY_KEEP, PLAIN, PLAIN_NAMES, TAKES_CLASS, Stub, _indirection, _running, _spelt, _type_name
from keeping import _acts

SCALARS = PLAIN - {tuple, list, dict, set, frozenset}
NAMES_CALLED = frozenset(name for names in CALLED_BY_OPCODES.values() for name in names)


class Choosing:
    """The opcodes that put something into an object or a container, each with a look at what it is: to be mixed into `Enforcement`."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        # What a pickle inside the pickle makes, the one around it goes on with.
        around = _running()[-1:]
        # By identity, and with the object: those that were given something to call, and what keeps such.
        self._chosen = around[0]._chosen if around else {}
        self._keepers = around[0]._keepers if around else {}
        # Containers of the pickle that have, or had, something to call in them, at any depth; and such an object.
        self._holds_callable = around[0]._holds_callable if around else {}
        self._holds_chosen = around[0]._holds_chosen if around else {}
        # A value, and what holds it by now: it may be given something to call later. One list, as there is one of these for all that is held.
        self._holders = around[0]._holders if around else {}
        # Some name stands for a number, a text or the like.
        self._has_plain_names = False
        # Names of what opcodes call, under which the pickle has had something to call.
        self._named = around[0]._named if around else set()

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

    def _note_inside(self, target, values, named=None):
        """Notes what an object is given, or what is put into a container; among `named`, its values, names of what opcodes call."""
        self._note_names(values if named is None else named)
        # Nobody calls numbers and texts, but a name may stand for one that the policy has looked up.
        values = values if self._has_plain_names else [value for value in values if type(value) not in SCALARS]
        if not values:
            return
        self._note_holder(target, values)
        has_chosen = any(id(value) in self._chosen or id(value) in self._holds_chosen for value in values)
        self._mark(target, self._is_foreign(target), any(map(self._is_to_call, values)), has_chosen)

    def _note_holder(self, target, values):
        for value in values:
            if type(value) not in SCALARS and (type(value) is not tuple or value):
                known = self._holders.get(id(value))
                if known is None:
                    self._holders[id(value)] = [value, target]
                else:
                    known.append(target)

    def _mark(self, target, is_object, is_given, has_chosen):
        """Notes that something has something to call, or such an object, in it; and so has what holds it by now."""
        waiting = [(target, is_object, is_given, has_chosen)]
        while waiting:
            target, is_object, is_given, has_chosen = waiting.pop()
            given = self._chosen if is_object else self._holds_callable
            is_given = is_given and id(target) not in given
            has_chosen = has_chosen and id(target) not in self._holds_chosen
            if is_given:
                given[id(target)] = target
            if has_chosen:
                self._holds_chosen[id(target)] = target
            if is_given or has_chosen:
                for holder in self._holders.get(id(target), ())[1:]:
                    waiting.append((holder, self._is_foreign(holder), is_given, has_chosen or (is_given and is_object)))

    def _note_items(self, target, keys_and_values):
        for key, value in zip(keys_and_values[::2], keys_and_values[1::2]):
            if type(key) is str and key in NAMES_CALLED and (self._names(value) is not None or id(value) in self._keepers):
                self._named.add(key)
        self._note_inside(target, keys_and_values, keys_and_values[1::2])

    def _note_names(self, values):
        for value in values:
            if type(value) is str and value in NAMES_CALLED:
                self._named.add(value)

    def _is_named(self, method, target):
        """Whether what an opcode calls on an object may be the pickle's own: containers of Python's have no attributes."""
        if self._named.isdisjoint(CALLED_BY_OPCODES.get(method, ())):
            return False
        return (target._name if isinstance(target, Stub) else _type_name(target)) not in GO_THROUGH

    def _note_handed(self, function, arguments):
        """Notes what the maker of an object was handed. What that was by itself, whoever made it put where he wanted."""
        made = self.stack[-1]
        self._note_names(arguments)
        others = [value for value in arguments if not self._is_callable(value)]
        may_keep = len(others) < len(arguments) or any(map(_acts, self._names(function) or ()))
        if may_keep and type(made) not in PLAIN and self._keeps(function, arguments):
            self._keepers[id(made)] = made
        self._note_holder(made, others)
        self._mark(made, True, any(map(self._is_to_call, others)), False)

    def _note_brought(self, result):
        """Notes what a pickle inside the pickle returns, where that is something to call, or has such in it."""
        self._mark(result, True, self._is_to_call(result) or id(result) in self._holds_chosen, False)

    def _keeps(self, function, arguments):
        """Whether what a call made keeps something to call: by what is called, or as a class that may derive from a partial, handed such."""
        _, does, details = _indirection(function, self._names(function) or ())
        if any(map(_acts, self._names(function) or ())):
            return does != "loads"  # of which `_note_brought` knows
        called, passes = (details[0], details[1]) if does == "calls" else ((), None)
        if any(map(TAKES_CLASS.fullmatch, map(".".join, self._names(function) or ()))):
            called = (0,)
        handed = [value for at, value in enumerate(arguments) if at not in called]
        if passes and passes[0] == "items" and passes[1] is not None and passes[1] < len(arguments):
            handed += arguments[passes[1]] if type(arguments[passes[1]]) is tuple else ()
        return any(map(self._is_callable, handed))

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
