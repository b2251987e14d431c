"""Part four of the loader: pickles in constants, as `analyzer/containers/embedded-pickles.ts` has it.

A model may hold a pickle as plain bytes or text, which a method of its class unpickles once it is loaded, by an unpickler
that knows no policy. Constants that begin as pickles do are run without effect, and refused at the end of the load if
nothing of this module unpickled them and they look up what the policy does not let anybody call.
"""

from rules import Blocked, UnpicklingError, _is_open, _modern, _noted, _running, base64, io, pickle, re

# Opcodes that push bytes or text, by how many bytes their count has; those of a line have none.
CONSTANTS = {
    "SHORT_BINBYTES": 1, "SHORT_BINSTRING": 1, "SHORT_BINUNICODE": 1, "BINBYTES": 4, "BINSTRING": 4, "BINUNICODE": 4,
    "BINBYTES8": 8, "BINUNICODE8": 8, "BYTEARRAY8": 8, "STRING": None, "UNICODE": None,
}  # fmt: skip
# How they begin that spell a pickle with PROTO: as it is, as text in latin-1, in hexadecimal, in base64.
TEXTS = frozenset("\x80" "8" "g")
BYTES = frozenset([b"\x80", b"\xc2", b"8", b"g"])
HEXADECIMAL = re.compile(rb"(?:[0-9a-fA-F]{2})+")
BASE64 = re.compile(rb"([0-9A-Za-z_+/-]+)={0,2}[ \t\r\n]*")
NAME = re.compile(r"[\w.]+")
# PROTO, something that is made, STOP.
SHORTEST = 4


class Constants:
    """The opcodes that push a constant, each with a look at it behind it: to be mixed into `Enforcement`."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        # Pickles in constants that may not be unpickled elsewhere: the refusal, by their bytes; and those that were here.
        self._pickles = {}
        self._unpickled = set()

    def _note_constant(self, opcode, at):
        content = _pickle_in(self.stack[-1])
        names = None if content is None else _looked_up_by(content)
        outermost = _running()[0]
        if names is None or content in outermost._unpickled:
            return
        outside = next((name for name in names if not _is_open(name)), None)
        if outside is not None or not names:
            outermost._pickles.setdefault(content, (outside and ".".join(outside), opcode, at))

    def _note_unpickled(self, content):
        outermost = _running()[0]
        if outermost._pickles.pop(content, None) is not None:
            outermost._unpickled.add(content)

    def _check_constants(self):
        for name, opcode, at in self._pickles.values():
            raise _noted(Blocked(name, opcode, at, "a pickle in a constant, which nothing here unpickles"))


def _noting(opcode, width):
    """The handler of an opcode, and a look at what it pushed."""
    read = getattr(pickle._Unpickler, f"load_{opcode.lower()}")

    def load_constant(self):
        at = self._offset(1) if width is None else None
        read(self)
        value = self.stack[-1]
        if value[:1] in TEXTS if type(value) is str else bytes(value[:1]) in BYTES:
            if width is not None:
                size = len(_utf8(value) if "UNICODE" in opcode else value)
                at = self._offset(1 + width + size)
            self._note_constant(opcode, at)

    return load_constant


for _opcode, _width in CONSTANTS.items():
    setattr(Constants, f"load_{_opcode.lower()}", _noting(_opcode, _width))


def _pickle_in(value):
    """The bytes that a constant spells, if a pickle could begin like them; else None."""
    spelt = _utf8(value) if type(value) is str else bytes(value)
    content = _decoded(spelt) if len(spelt) >= SHORTEST else None
    is_pickle = content is not None and len(content) >= SHORTEST and content[0] == 0x80 and content[1] <= 5
    return content if is_pickle else None


def _utf8(text):
    return text.encode("utf-8", "surrogatepass")


def _decoded(spelt):
    if spelt[:1] == b"\x80":
        return spelt
    if spelt[:2] == b"\xc2\x80":
        try:
            return spelt.decode("utf-8").encode("latin-1")
        except UnicodeError:
            return None
    if spelt[:3] == b"800" and HEXADECIMAL.fullmatch(spelt):
        return bytes.fromhex(spelt.decode("ascii"))
    digits = BASE64.fullmatch(spelt)
    if spelt[:2] == b"gA" and digits and len(digits[1]) % 4 != 1:
        return base64.urlsafe_b64decode(digits[1].translate(bytes.maketrans(b"+/", b"-_")) + b"=" * (-len(digits[1]) % 4))
    return None


class Inert(type):
    """The class of what stands for whatever a pickle looks up or makes: it takes everything, and does nothing."""

    def __call__(cls, *arguments, **keywords):
        return _inert()

    def _take(cls, *arguments):
        """Takes a state or items."""

    __setstate__ = append = extend = add = __setitem__ = _take


class _Made:
    def __new__(cls, *arguments, **keywords):
        return _inert()


def _inert():
    return type.__new__(Inert, "inert", (_Made,), {})


class _DryRun(pickle._Unpickler):
    """Runs a pickle with nothing but stand-ins, and notes what it looks up."""

    def __init__(self, content):
        self._file = io.BytesIO(content)
        self._names = []
        super().__init__(self._file, encoding="latin-1")

    def find_class(self, module, name):
        if not module or not name or ("." in name and self.proto < 4):
            raise UnpicklingError("there is no such name")
        self._names.append(_modern(module, name) if self.proto < 3 else (module, name))
        return _inert()

    def persistent_load(self, pid):
        return _inert()

    def load_newobj_ex(self):
        """Keywords that are no texts would end the run, after all that came before."""
        if type(self.stack[-2]) is not tuple:
            raise UnpicklingError("the unpickler in C takes a tuple")
        if type(self.stack[-1]) is dict:
            self.stack[-1] = {}
        super().load_newobj_ex()

    dispatch = {**pickle._Unpickler.dispatch, pickle.NEWOBJ_EX[0]: load_newobj_ex}


def _looked_up_by(content):
    """What bytes look up as a pickle; None where they are none, from the first to the last, or to a STOP before that if it looks something up."""
    run = _DryRun(content)
    try:
        run.load()
    except Exception:  # whatever bytes raise that are no pickle
        return None
    is_told = any(map(NAME.fullmatch, map("".join, run._names)))
    return run._names if is_told or run._file.tell() == len(content) else None
