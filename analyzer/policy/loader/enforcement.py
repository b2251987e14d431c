"""Part six of the loader: the opcodes that ask the policy, as `analyzer/verdict/class-policy.ts` has it.

The reasons that are given for a refusal are that file's, word for word.
"""

from choosing import SCALARS, Choosing
from constants import Constants
from indirect import Indirect
from keeping import Keeping
from rules import (
    CALLS, CODE, IMPORTS, MAKERS, MODE, MODEL, OVERRIDING, OrderedDict, PLAIN, SPECIAL, STORAGE_TYPE, Blocked, Stub, UnpicklingError,
    _indirection, _is_checked, _modern, _noted, _running, _spelt, _text, _type_name, pickle,
)  # fmt: skip


# What a pickle may write to an object, as bits: a set for each object would be most of what is kept of it.
STATE, ITEMS, NAMES = 1, 2, 4


class Enforcement(Keeping, Choosing, Constants, Indirect):
    """The opcodes that look up, call or write, each with its check before it: to be mixed into an unpickler in Python."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        # By identity, and with the object, so that no other can take its place: what was looked up, under which names;
        # what the loader handed over for a persistent id; what calls made that could as well be an opcode's.
        self._looked_up = {}
        self._handed_over = {}
        self._computed = {}
        # What a call returned that is not for the pickle to change, and by whom.
        self._shared = {}
        # What calls made of a class that was looked up, or a function, as far as it can be told without running it: by which
        # names it was looked up, and whether it is an instance of that indeed.
        self._instances = {}
        # Those that are an OrderedDict as its own reduction makes one: its keys are those that the pickle put into it.
        self._ordered = {}
        # Dicts that became the attributes of an object, or may have.
        self._own = {}
        # States of partials, by the dict of keywords that these keep.
        self._bound = {}
        # What the pickle wrote to which objects, of `STATE`, `ITEMS` and `NAMES`.
        self._given = {}
        self._is_looking_up = False
        self._blocked = None

    def load(self):
        running = _running()
        if MODEL is not None and not running and not _is_checked():
            raise Blocked(None, "FILE", None, "this loader is of one model, and has not seen that this is it")
        running.append(self)
        try:
            result = super().load()
        finally:
            running.pop()
        if self._blocked is not None:  # and some class's code caught it
            raise self._blocked
        if running:
            self._note_brought(result)
        else:
            self._check_constants()
        return result

    # Looking up

    def load_global(self):
        module, name = self.readline(), self.readline()
        size = 1 + len(module) + len(name)
        self.append(self._look_up("GLOBAL", size, module[:-1].decode("utf-8"), name[:-1].decode("utf-8")))

    def load_stack_global(self):
        name, module = self.stack.pop(), self.stack.pop()
        if any(type(part) in PLAIN and type(part) is not str and not self._is_foreign(part) for part in (module, name)):
            raise UnpicklingError("STACK_GLOBAL requires str")
        if self._is_foreign(module, name):
            self._refuse("STACK_GLOBAL", 1, f"{_text(module)}.{_text(name)}", "import of a computed name")
        if type(module) is not str or type(name) is not str:
            raise UnpicklingError("STACK_GLOBAL requires str")
        self.append(self._look_up("STACK_GLOBAL", 1, module, name))

    def load_inst(self):
        module, name = self.readline(), self.readline()
        size = 1 + len(module) + len(name)
        function = self._look_up("INST", size, module[:-1].decode("ascii"), name[:-1].decode("ascii"))
        arguments = self.pop_mark()
        callee = self._callee("INST", size, function, arguments)
        self._check_given("INST", size, function, arguments)
        self._instantiate(callee, arguments)
        self._note_made(function, arguments)

    def _look_up(self, opcode, size, module, name):
        """`find_class`, for names of the policy; they are compared as Python 3 spells them."""
        key = _modern(module, name) if self.proto < 3 and self.fix_imports else (module, name)
        if key in IMPORTS:
            self._is_looking_up = True
            try:
                found = self.find_class(module, name)
            finally:
                self._is_looking_up = False
        elif self._is_lazy():
            found = Stub(".".join(key))
        else:
            self._refuse(opcode, size, ".".join(key), "import outside the policy")
        self._remember(found, key)
        return found

    # Calling

    def load_reduce(self):
        self._require_tuple("REDUCE", -1)
        called = self.stack[-2:]
        self.stack[-2] = self._callee("REDUCE", 1, *called)
        self._check_given("REDUCE", 1, *called)
        super().load_reduce()
        self._note_made(*called)
        made = self.stack[-1]
        if type(made) is OrderedDict and not called[1] and ("collections", "OrderedDict") in (self._names(called[0]) or ()):
            self._ordered[id(made)] = made

    def load_newobj(self):
        self._require_tuple("NEWOBJ", -1)
        called = self.stack[-2:]
        if not self._push_stub("NEWOBJ", *called):
            self._callee("NEWOBJ", 1, *called)
            self._check_given("NEWOBJ", 1, *called)
            super().load_newobj()
            self._note_made(*called)

    def load_newobj_ex(self):
        self._require_tuple("NEWOBJ_EX", -2)
        if type(self.stack[-1]) is not dict:
            raise UnpicklingError("the keywords of NEWOBJ_EX are no dict")
        called = self.stack[-3:]
        if not self._push_stub("NEWOBJ_EX", *called):
            self._callee("NEWOBJ_EX", 1, *called)
            self._check_given("NEWOBJ_EX", 1, *called[:2])
            super().load_newobj_ex()
            self._note_made(*called)

    def load_obj(self):
        function, arguments = self.stack[:1], self.stack[1:]
        if function and self.metastack:
            self.stack[0] = self._callee("OBJ", 1, *function, arguments)
            self._check_given("OBJ", 1, *function, arguments)
        super().load_obj()
        self._note_made(*function, arguments)

    def _require_tuple(self, opcode, index):
        arguments = self.stack[index]
        if not isinstance(arguments, tuple):
            raise UnpicklingError(f"the arguments of {opcode} are no tuple")
        if type(arguments) is not tuple:  # a subclass has a say in what is in it
            self.stack[index] = tuple(tuple.__iter__(arguments))

    def _push_stub(self, opcode, class_, *given):
        """In lazy mode, makes a stub of an object whose class may not be instantiated."""
        names = self._names(class_)
        if not self._is_lazy() or not names or not names.isdisjoint(CALLS):
            return False
        self._acting(opcode, 1, class_, *given)
        self._check_given(opcode, 1, class_, given[0])
        self.stack[-1 - len(given) :] = [Stub(_spelt(names))]
        self._note_made(class_, given[0])
        return True

    def _callee(self, opcode, size, function, *given):
        """What to call for `function`, if it may be called: itself, or what does the same under this policy."""
        if type(function) in PLAIN and self._names(function) is None:
            raise UnpicklingError(f"{opcode}: {type(function).__name__} is not callable")
        self._check_call(opcode, size, function, "")
        self._check_chosen(opcode, size, function, *given)
        return self._acting(opcode, size, function, *given)

    def _check_call(self, opcode, size, function, by):
        names = self._names(function)
        if names is None:
            self._refuse(opcode, size, _type_name(function), f"call of a computed name{by}")
        if names.isdisjoint(CALLS):
            self._refuse(opcode, size, _spelt(names), f"call outside the policy{by}")

    # Changing

    def load_build(self):
        target, state = self.stack[-2:]
        if self._check_change("BUILD", target, "__setstate__", self._overridden(state)):
            self._check_own("BUILD", target, "__setstate__")
            self._check_state("BUILD", 1, target, state)
            self._check_state_kept(state)
            self._note_own(target, state)
            # Its attributes may have an `items` among them now.
            self._ordered.pop(id(target), None)
        elif self._is_foreign(state, *(state if type(state) is tuple else ())):
            self._refuse("BUILD", 1, _type_name(target), "a builtin object is given the items of an object, which says itself what they are")
        super().load_build()

    def load_append(self):
        if self._check_change("APPEND", self.stack[-2], "append"):
            self._check_own("APPEND", self.stack[-2], "append")
        self._check_kept("APPEND", self.stack[-1:])
        super().load_append()

    def load_appends(self):
        if not self.stack:  # the unpickler in C looks for no method either
            return self.load_pop_mark()
        target = self.metastack[-1][-1]
        if self._check_change("APPENDS", target, "extend"):
            self._check_own("APPENDS", target, "extend", "append")
        self._check_kept("APPENDS", self.stack)
        super().load_appends()

    def load_additems(self):
        if not self.stack:
            return self.load_pop_mark()
        target = self.metastack[-1][-1]
        if self._check_change("ADDITEMS", target, "add"):
            self._check_own("ADDITEMS", target, "update" if isinstance(target, set) else "add")
        self._check_kept("ADDITEMS", self.stack)
        super().load_additems()

    def load_setitem(self):
        self._check_change("SETITEM", self.stack[-3], "__setitem__", keys=self.stack[-2:-1])
        self._check_kept("SETITEM", self.stack[-2:])
        self._check_bound("SETITEM", self.stack[-3], self.stack[-2:])
        super().load_setitem()

    def load_setitems(self):
        if self.stack:
            self._check_change("SETITEMS", self.metastack[-1][-1], "__setitem__", keys=self.stack[::2])
            self._check_kept("SETITEMS", self.stack)
            self._check_bound("SETITEMS", self.metastack[-1][-1], self.stack)
        super().load_setitems()

    def _check_change(self, opcode, target, method, overridden="", keys=()):
        """Whether `target` is an object that an allowed call made. Builtin containers may change as the pickle likes."""
        names = self._names(target)
        if names is not None or id(target) in self._shared or isinstance(target, CODE):
            name = _spelt(names) if names else self._shared.get(id(target), (target, _type_name(target)))[1]
            self._refuse(opcode, 1, name, f"{opcode} changes {name} itself, not an object made by it")
        if not self._is_foreign(target):
            if id(target) in self._own and any(self._is_foreign(key) or key in OVERRIDING for key in keys):
                self._refuse(opcode, 1, _type_name(target), f"{opcode} puts a name into the attributes of an object")
            return False
        if self._is_planted(target, method, keys):
            self._refuse(opcode, 1, _type_name(target), f"{opcode} calls what the pickle may have put there")
        if overridden:
            self._refuse(opcode, 1, _type_name(target), f"BUILD would override {overridden}")
        if self._is_named(method, target):
            self._refuse(opcode, 1, _type_name(target), f"{opcode} calls what the pickle may have put there")
        if isinstance(target, Stub):
            self._refuse(opcode, 1, target._name, f"{method} of an object that was made by a call outside the policy")
        if id(target) in self._handed_over:
            self._refuse(opcode, 1, _type_name(target), f"{method} of an object that was made by a computed name")
        return True

    def _is_planted(self, target, method, keys):
        """Whether a method of `target` may be the pickle's own, by what it wrote to it before: list items, dict items, the
        state, each once, is the order in which picklers write (Lib/pickle.py, save_reduce)."""
        _, given = self._given.get(id(target), (target, 0))
        if method == "__setitem__":
            names = any(self._is_foreign(key) or (type(key) is str and SPECIAL(key)) for key in keys)
            given |= ITEMS | NAMES if names else ITEMS
            is_planted = False
        elif method == "__setstate__":
            is_planted = given & (STATE | NAMES) != 0
            given |= STATE
        else:
            is_planted = given & (STATE | ITEMS) != 0
        self._given[id(target)] = (target, given)
        return is_planted

    def _overridden(self, state):
        """Keys of a state that the unpickler or Python would later look up on the object, and call."""
        is_partial = type(state) is tuple and self._is_state_of_partial(state)
        attributes, *slots = state[3:] if is_partial else state if type(state) is tuple and len(state) == 2 else [state]
        # What slots hold is set past the object's own dict, where there is more than names.
        is_known = id(attributes) in self._ordered or not self._is_foreign(attributes)
        if not is_known or self._is_foreign(*slots):
            return "names that are not known"
        keys = [key for part in (attributes, *slots) if isinstance(part, dict) for key in self._keys_of_attributes(part)]
        if self._is_foreign(*keys):
            return "names that are not known"
        return ", ".join(key for key in dict.fromkeys(keys) if type(key) is str and key in OVERRIDING)

    def _note_own(self, target, state):
        """Notes the dicts that a class's own __setstate__ may keep as they are: what is put into them later is judged then."""
        if getattr(target, "__setstate__", None) is not None:
            parts = state if type(state) is tuple else (state,)
            self._own.update((id(part), part) for part in parts if type(part) is dict)
            if self._is_state_of_partial(parts):
                self._bound[id(parts[2])] = parts

    def _check_bound(self, opcode, target, keys_and_values):
        """The keywords of a partial, with what is put into the dict that it has of them."""
        function, arguments, keywords, *_ = self._bound.get(id(target), (None, (), None))
        if keywords is not None:
            changed = {**keywords, **dict(zip(keys_and_values[::2], keys_and_values[1::2]))}
            self._check_handed(opcode, 1, function, "functools.partial", self._inside(arguments, changed, True))

    def _keys_of_attributes(self, part):
        """The keys of a dict in a state; in the place of `__dict__` those of the dict there, which are names of attributes."""
        for key, value in part.items():
            if type(key) is str and key == "__dict__" and type(value) is dict and not self._is_foreign(key, value):
                self._own[id(value)] = value
                yield from value
            else:
                yield key

    def _check_own(self, opcode, target, *methods):
        """What the opcode calls on `target` must be a method of its class: an instance's attribute is the pickle's choice."""
        for method in methods:
            if getattr(target, method, None) is None:
                continue
            is_of_class = any(method in vars(class_) for class_ in type(target).__mro__)
            if not is_of_class or method in getattr(target, "__dict__", ()):
                self._refuse(opcode, 1, _type_name(target), f"{method} is an attribute, not a method of its class")

    # What is not in the pickle

    def load_persid(self):
        line = self.readline()
        if not line.isascii():
            raise UnpicklingError("persistent IDs in protocol 0 must be ASCII strings")
        self._check_storage("PERSID", len(line) + 1, None)

    def load_binpersid(self):
        if self._is_module(self.stack[-1]):
            # As torch.load gives it, but without the source that it compares: there a file may be written.
            self._check_kept("BINPERSID", self.stack[-1:])
            self.stack[-1] = self.stack[-1][1]
            return
        self._check_storage("BINPERSID", 1, self.stack[-1])
        self._check_kept("BINPERSID", self.stack[-1:])
        super().load_binpersid()
        self._handed_over[id(self.stack[-1])] = self.stack[-1]

    def _check_storage(self, opcode, size, id):
        if getattr(self.persistent_load, "__func__", None) is pickle._Unpickler.persistent_load:
            self._refuse(opcode, size, None, "persistent id: the loader of this pickle resolves none")
        if not self._is_storage(id):
            self._refuse(opcode, size, None, "persistent id that is not a storage of torch")

    def _is_module(self, id):
        """Whether torch.save wrote such an id for the class of a module, before 1.6."""
        if getattr(self.persistent_load, "__qualname__", None) != "_legacy_load.<locals>.persistent_load":
            return False
        if type(id) is not tuple or len(id) != 4 or type(id[0]) is not str or id[0] != "module":
            return False
        return self._names(id[1]) is not None and all(type(text) in (str, type(None)) for text in id[2:])

    def _is_storage(self, id):
        """Whether torch.save writes such an id: of a storage, with its view in the legacy format; a number in the old tar."""
        if type(id) is int:
            return True
        if type(id) is not tuple or not 5 <= len(id) <= 6:
            return False
        tag, class_, key, location, count, *view = id
        return (
            [type(each) for each in (tag, key, location, count)] == [str, str, str, int]
            and tag == "storage"
            and any(STORAGE_TYPE.fullmatch(".".join(name)) for name in self._names(class_) or ())
            and all(type(each) in (tuple, type(None)) for each in view)
        )

    def load_ext1(self):
        self._refuse_extension("EXT1", 1)

    def load_ext2(self):
        self._refuse_extension("EXT2", 2)

    def load_ext4(self):
        self._refuse_extension("EXT4", 4)

    def _refuse_extension(self, opcode, width):
        code = self.read(width)
        if len(code) < width:
            raise EOFError
        code = int.from_bytes(code, "little", signed=width == 4)
        self._refuse(opcode, 1 + width, None, f"extension code {code}: copyreg's registry is empty")

    # Knowing

    def _is_lazy(self):
        """A pickle inside the pickle is loaded by a callable of the policy, which is not to be given stubs."""
        return MODE == "lazy" and self._is_outermost()

    def _is_outermost(self):
        """Whether this reads the file itself, as also the pickles do that joblib keeps among the opcodes."""
        return all(unpickler._file() is self._file() for unpickler in _running())

    def _file(self):
        return getattr(self._file_read, "__self__", None)

    def _remember(self, found, key):
        self._looked_up.setdefault(id(found), (found, set()))[1].add(key)
        self._note_looked_up(key)
        self._has_plain_names = self._has_plain_names or type(found) in SCALARS

    def _names(self, value):
        """The names under which the pickle looked `value` up; None where it did not."""
        known = self._looked_up.get(id(value))
        return None if known is None else known[1]

    def _note_made(self, function, arguments, keywords=None):
        made = self.stack[-1]
        self._note_handed(function, [*arguments, keywords])
        if self._gives_state(function, arguments):
            self._is_planted(made, "__setstate__", ())
        if self._names(made) is None and self._names(function) is not None and self._returns_shared(function, arguments):
            self._shared[id(made)] = (made, _spelt(self._names(function)))
        if ("builtins", "getattr") in CALLS:
            self._note_instance(made, function, arguments)
        # Python has one object for every None, and for all texts of one character: once a call returned it, each counts as
        # computed. Bytes are no name and no state, and may be large.
        if type(made) in PLAIN and type(made) is not bytes:
            self._computed[id(made)] = made

    def _note_instance(self, made, function, arguments):
        """Notes what a call made of what it called, or of the class that a maker was told."""
        via, does, details = _indirection(function, self._names(function) or ())
        if via in MAKERS:
            told = details[0][:1]
            function = arguments[told[0]] if told and told[0] < len(arguments) else None
        elif does:
            return
        if self._names(function) is not None and id(made) not in self._shared:
            self._instances[id(made)] = (made, self._names(function), type(made) is function)

    def _is_foreign(self, *values):
        """Whether lookups or calls made one of them, and not opcodes."""
        made_by_opcodes = (
            PLAIN.issuperset(map(type, values))
            and self._computed.keys().isdisjoint(map(id, values))
            and self._looked_up.keys().isdisjoint(map(id, values))
        )
        return not made_by_opcodes

    def _refuse(self, opcode, size, callable, reason):
        """Raises `Blocked` for the opcode, of `size` bytes, that was just read."""
        raise _noted(Blocked(callable, opcode, self._offset(size), reason))

    def _offset(self, size):
        """Where the opcode lies in the file; not known of a pickle inside the pickle."""
        if not self._is_outermost():
            return None
        try:
            position = self._file().tell()
            frame = self._unframer.current_frame  # is read whole, ahead of the program
            return position - size - (len(frame.getbuffer()) - frame.tell() if frame else 0)
        except Exception:  # whatever a file that cannot tell raises
            return None
