"""Part three of the loader: callables that act for the pickle are called, and not kept, as `analyzer/pickle/kept.ts` has it.

A call of one is judged by what it is handed. Whoever finds it in an object would call it with something else.
"""

from rules import INDIRECT, MAKERS, Stub, _indirection, _spelt


class Keeping:
    """The opcodes that keep what was looked up, each with its check before it: to be mixed into `Enforcement`."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self._has_acting = False
        # Tuples with an acting callable in them, at any depth, by identity: they may be a call's arguments.
        self._carriers = {}

    def _note_looked_up(self, key):
        self._has_acting = self._has_acting or _acts(key)

    def _carried(self, value):
        """The name of the acting callable that a value is, or has in it; None where there is none."""
        names = self._names(value)
        if names is not None:
            return _spelt(names) if any(map(_acts, names)) else None
        return self._carriers.get(id(value), (value, None))[1]

    def _check_kept(self, opcode, values, size=1):
        if self._has_acting:
            for value in values:
                name = self._carried(value)
                if name is not None:
                    self._refuse(opcode, size, name, "kept as a value: what it would be called with is not known")

    def _check_given(self, opcode, size, function, arguments):
        """What a call is given is kept, but for what it calls in its turn."""
        if self._has_acting:
            _, does, details = _indirection(function, self._names(function) or ())
            called = details[0] if does == "calls" else ()
            kept = [value for at, value in enumerate(arguments) if at not in called or self._names(value) is None]
            self._check_kept(opcode, kept, size)

    def _check_state_kept(self, state):
        if type(state) is tuple and self._is_state_of_partial(state):
            self._check_kept("BUILD", state[1:])
        else:
            self._check_kept("BUILD", [state])

    def _note_carrier(self):
        if self._has_acting:
            made = self.stack[-1]
            name = next((name for name in map(self._carried, made) if name is not None), None)
            if name is not None:
                self._carriers[id(made)] = (made, name)

    def load_tuple(self):
        super().load_tuple()
        self._note_carrier()

    def load_tuple1(self):
        super().load_tuple1()
        self._note_carrier()

    def load_tuple2(self):
        super().load_tuple2()
        self._note_carrier()

    def load_tuple3(self):
        super().load_tuple3()
        self._note_carrier()

    def load_list(self):
        self._check_kept("LIST", self.stack)
        super().load_list()

    def load_dict(self):
        self._check_kept("DICT", self.stack)
        super().load_dict()

    def load_frozenset(self):
        self._check_kept("FROZENSET", self.stack)
        super().load_frozenset()

    def load_stop(self):
        self._check_kept("STOP", self.stack[-1:])
        if self.stack and isinstance(self.stack[-1], Stub):
            self._refuse("STOP", 1, self.stack[-1]._name, "what the pickle returns is outside the policy")
        super().load_stop()


def _acts(key):
    name = ".".join(key)
    return name in INDIRECT and name not in MAKERS
