"""Part two of the loader: what callables do that call, look up or load for the pickle, as `analyzer/pickle/indirect-calls.ts`
and `object-state.ts` have it."""

from rules import (
    BOUND, CALLS, FILE_LOADERS, IMPORTS, INDIRECT, OWN_SHARED, SHARED, _indirection, _names_of, _spelt, _type_name, io,
)  # fmt: skip

# How many callables may hand over one another.
DEEPEST_CALL = 8
# Brackets within a state in which callables are looked for.
DEEPEST_STATE = 4


def _state_of(details, arguments):
    """The state that a callable of INDIRECT gives to what it makes; None where it gives none."""
    at = details[3] if len(details) > 3 else None
    return arguments[at] if at is not None and at < len(arguments) else None


class Indirect:
    """Checks what a callable is given, before it is called: to be mixed into `Enforcement`."""

    def _acting(self, opcode, size, function, arguments, keywords=None):
        """What to call for `function`, if what it does for the pickle with these arguments may happen."""
        via, does, details = _indirection(function, self._names(function))
        by = f", by {via}"
        if does == "calls":
            self._check_calling(opcode, size, via, details, (arguments, False, (keywords or {}).values()), 0)
            state = _state_of(details, arguments)
            if state is not None:
                if overridden := self._overridden(state):
                    self._refuse(opcode, size, via, f"BUILD would override {overridden}")
                self._check_state(opcode, size, function, state)
        elif does == "fetches":
            return self._fetching(opcode, size, function, arguments, via)
        elif does in ("imports", "resolves"):
            path = arguments[0] if arguments else None
            self._require_constant(opcode, size, path, by)
            module, _, name = path.replace(":", ".", 1).rpartition(".")
            if does == "imports" or (module, name) not in IMPORTS:
                self._refuse(opcode, size, path.replace(":", ".", 1), f"import outside the policy{by}")
        elif does in ("makes-getter", "makes-caller"):
            if not arguments:  # it fails without a name
                self._refuse(opcode, size, "?", f"import of a computed name{by}")
        elif does == "loads":
            return lambda *given: self._load_nested(opcode, size, via, given)
        elif does == "anything" and not self._names(function).isdisjoint(CALLS):
            self._refuse(opcode, size, _spelt(self._names(function)), "call whose effect is not known")
        return function

    def _check_calling(self, opcode, size, via, details, given, depth):
        """The callables among what another one is given: its arguments, whether more may follow, and its keywords' values."""
        positions, passes, *_ = details
        arguments, more, keywords = given
        passed = self._passed(passes, arguments, more)
        for position in positions:
            if position < len(arguments):
                self._check_handed(opcode, size, arguments[position], via, passed, depth)
            elif more or passes and passes[-1] is True:  # what binds arguments to a callable fails without one
                self._refuse(opcode, size, "?", f"call of a computed name, by {via}")
        for value in keywords:
            self._check_handed(opcode, size, value, via)

    def _check_handed(self, opcode, size, value, via, given=None, depth=0):
        """A callable that is handed over, to be called with what is `given`; None where that is not known."""
        if not self._is_foreign(value) or type(value) is object or self._is_inert(value):
            return
        by = f", by {via}"
        if via != "functools.partial" or BOUND.isdisjoint(self._names(value) or ()):
            self._check_call(opcode, size, value, by)
        inner, does, details = _indirection(value, self._names(value))
        if does and (does != "calls" or given is None or depth == DEEPEST_CALL):
            self._refuse(opcode, size, _spelt(self._names(value)), f"call whose effect is not known{by}")
        if does:
            self._check_calling(opcode, size, inner, details, given, depth + 1)

    def _is_inert(self, value):
        """Whether a value is `object`, or stands for it: calling it makes nothing happen."""
        return value is object or ("builtins", "object") in (self._names(value) or ())

    def _passed(self, passes, arguments, more):
        """What a callable that is handed over is called with, as INDIRECT says; None where that is not known."""
        if passes is None:
            return None
        kind, *where = passes
        if kind == "arguments":
            start, stop, adds = where
            return arguments[start:stop], adds or (more and stop is None), ()
        positional, keywords = (arguments[at] if at is not None and at < len(arguments) else () for at in where)
        return self._inside(positional, keywords or None, more)

    def _inside(self, positional, keywords, more):
        """The items of a tuple (or list) as arguments, and the values of a dict as keywords."""
        if type(positional) not in (tuple, list) or self._is_foreign(positional):
            return None
        if keywords is not None and (type(keywords) is not dict or self._is_foreign(keywords)):
            return None
        return positional, more, () if keywords is None else keywords.values()

    def _check_state(self, opcode, size, target, state):
        """The callables that a state gives an object to call."""
        parts = state if type(state) is tuple else ()
        if self._is_state_of_partial(parts):
            self._check_handed(opcode, size, parts[0], "functools.partial", self._inside(parts[1], parts[2], True))
        elif len(parts) == 2 and type(parts[1]) is dict and "default_factory" in parts[1]:
            self._check_handed(opcode, size, parts[1]["default_factory"], "collections.defaultdict")
        elif _indirection(type(target), [])[1] == "calls":
            for value in self._looked_up_in(state, DEEPEST_STATE):
                self._check_handed(opcode, size, value, _type_name(target))

    def _is_state_of_partial(self, parts):
        """(function, arguments, keywords, attributes), as `functools.partial.__setstate__` takes it."""
        if len(parts) != 4 or not self._is_foreign(parts[0]):
            return False
        kinds = [tuple, (dict, type(None)), (dict, type(None))]
        return all(self._is_foreign(part) or isinstance(part, kind) for part, kind in zip(parts[1:], kinds))

    def _looked_up_in(self, value, depth):
        """What the pickle looked up, within a state."""
        if self._names(value) is not None:
            yield value
        elif depth and (type(value) in (tuple, list, dict) or id(value) in self._ordered):
            parts = [part for item in value.items() for part in item] if isinstance(value, dict) else value
            for part in parts:
                yield from self._looked_up_in(part, depth - 1)

    def _gives_state(self, function, arguments):
        _, does, details = _indirection(function, self._names(function) or ())
        return does == "calls" and _state_of(details, arguments) is not None

    def _returns_shared(self, function, arguments):
        """Whether what a callable returns may be a class, a function, a module, or what others hold as well."""
        names = _names_of(function, self._names(function) or ())
        if not SHARED.isdisjoint(names) or not OWN_SHARED.isdisjoint(names):
            return True
        _, does, details = _indirection(function, self._names(function) or ())
        if does != "calls":
            return bool(does)
        if not details[2]:
            return False
        callee = arguments[details[0][0]] if details[0] and details[0][0] < len(arguments) else None
        known = self._names(callee)
        return known is None or not set(_names_of(callee, known)).isdisjoint(SHARED.union(OWN_SHARED, INDIRECT))

    def _require_constant(self, opcode, size, name, by):
        if type(name) is not str or self._is_foreign(name):
            self._refuse(opcode, size, "?", f"import of a computed name{by}")

    def _fetching(self, opcode, size, function, arguments, via):
        """`getattr`, for attributes that the policy names, of what was looked up, or of an instance of a class that was."""
        # Of three arguments the last is given for what is not there, under its name.
        target, name = arguments if len(arguments) == 2 else (None, None)
        by = f", by {via}"
        self._require_constant(opcode, size, name, by)
        made = self._instances.get(id(target)) if self._names(target) is None else None
        known = self._names(target) if made is None else made[1]
        if known is not None:
            keys = {(module, f"{within}.{name}") for module, within in known}
        elif not self._is_foreign(target):
            keys = {("builtins", f"{type(target).__name__}.{name}")}
        else:
            self._refuse(opcode, size, f"{_type_name(target)}.{name}", f"import of a computed name{by}")
        # An object of another class has other attributes, whatever the policy says of this one's.
        if keys.isdisjoint(IMPORTS) or (made is not None and not made[2]):
            self._refuse(opcode, size, _spelt(keys), f"import outside the policy{by}")

        def fetch(*given):
            found = function(*given)
            # What an instance has under a name may be what the pickle put there: it is not to be called.
            if opcode == "REDUCE" and via == "builtins.getattr" and made is None:
                self._remember(found, min(keys & IMPORTS))
            return found

        return fetch

    def _load_nested(self, opcode, size, via, given):
        """Loads the pickle that a loader is handed, under the same policy."""
        content = given[0] if len(given) == 1 else None
        if type(content) is io.BytesIO:  # by its type's methods: the pickle may have given the file others
            content = io.BytesIO.read(content)
        if type(content) not in (bytes, bytearray):
            self._refuse(opcode, size, via, "a loader is handed something else than bytes")
        self._note_unpickled(bytes(content))
        return FILE_LOADERS.get(via.partition(".")[0], FILE_LOADERS[""])(io.BytesIO(content))
