/**
 * What is known of callables that attacks use: data for explaining what was blocked and for checking policies, used for no verdict. A name ending
 * in `.*` stands for all of a module; `os` stands for posix and nt too. Where two rows have a name, the first counts.
 * Sources: Python's documentation, and the advisories and tests of scanners that missed the callable.
 */

/** What a callable can do beyond making a value. */
export type Danger = "runs-code" | "reads" | "writes" | "network" | "imports" | "embedded-code" | "calls-callables";

interface CapabilityRow {
  readonly capability: Danger;
  readonly source: string;
  /** Separated by white space. */
  readonly callables: string;
}

export const CAPABILITIES: readonly CapabilityRow[] = [
  {
    capability: "runs-code",
    source: "Python documentation: built-in functions that compile or evaluate source",
    callables: "builtins.eval builtins.exec builtins.execfile builtins.compile builtins.breakpoint builtins.input",
  },
  {
    capability: "runs-code",
    source: "Python documentation: os, subprocess and pty start and end processes; commands and popen2 are Python 2's",
    callables: `
      os.system os.popen os.popen2 os.popen3 os.popen4 os.startfile os.fork os.forkpty os.kill os.killpg os.putenv
      os.execl os.execle os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe os.posix_spawn os.posix_spawnp
      os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe
      subprocess.Popen subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.getoutput
      subprocess.getstatusoutput subprocess.* _posixsubprocess.* _winapi.CreateProcess pty.* commands.* popen2.*`,
  },
  {
    capability: "runs-code",
    source: "Python documentation: modules that run, debug, profile or time what they are given, or call it later",
    callables: `
      runpy.* code.* codeop.* bdb.* pdb.* timeit.* trace.* profile.* cProfile.* doctest.* idlelib.* sched.* asyncio.*
      multiprocessing.* concurrent.futures.* threading.Thread threading.Timer _thread.start_new_thread signal.signal atexit.register
      ctypes.* _ctypes.* cffi.* webbrowser.* platform.popen sys.settrace sys.setprofile sys.addaudithook test.support.script_helper.*`,
  },
  {
    capability: "runs-code",
    source: "picklescan's advisories (scanners.md 2c), each with a sample: what ends in eval, exec or a process",
    callables: `
      torch.utils.bottleneck.__main__.run_cprofile torch.utils.bottleneck.__main__.run_autograd_prof
      torch._dynamo.guards.GuardBuilder.get torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression
      torch.utils.collect_env.run torch.utils.collect_env.run_and_read_all torch.jit.unsupported_tensor_ops.execWrapper
      torch._inductor.codecache.compile_file torch.utils._config_module.ConfigModule.load_config numpy.f2py.*
      lib2to3.pgen2.pgen.ParserGenerator.make_label lib2to3.pgen2.grammar.Grammar.loads uuid._get_command_stdout
      _osx_support._read_output _osx_support._find_build_tool _aix_support._read_cmd_output imaplib.IMAP4_stream _pyrepl.pager.*
      numpy.testing._private.utils.runstring distutils.spawn.* numpy.distutils.exec_command.* pydoc.pipepager pydoc.tempfilepager
      _pydev_bundle.* IPython.* pip.* venv.* ensurepip.*`,
  },
  {
    capability: "embedded-code",
    source: "Python documentation: code objects; cloudpickle and dill rebuild functions from them (fickling GHSA-565g-hwwr-4pp3)",
    callables: `
      types.CodeType types.FunctionType types.LambdaType types.MethodType new.code new.function marshal.*
      cloudpickle.* joblib.externals.cloudpickle.* dill._dill._create_function dill._dill._create_code dill._dill._create_type`,
  },
  {
    capability: "embedded-code",
    source: "scanners.md 2, row 20: loads another pickle, or runs what else is in a file",
    callables: `
      pickle.* _pickle.* cPickle.* dill.* torch.load torch.serialization.load torch.storage._load_from_bytes torch.jit.load
      torch.package.* joblib.load joblib.numpy_pickle.load numpy.load pandas.read_pickle pandas.io.pickle.read_pickle shelve.*
      yaml.load yaml.unsafe_load keras.models.load_model`,
  },
  {
    capability: "imports",
    source: "Python documentation: imports a module named by an argument, and so runs it",
    callables: `
      builtins.__import__ importlib.* imp.* pkgutil.* zipimport.* site.* pydoc.locate sys.modules sys.meta_path
      dill._dill._import_module torch._utils._import_dotted_name`,
  },
  {
    capability: "calls-callables",
    source: "scanners.md 2, rows 13 and 15: looks up or calls what its arguments say",
    callables: `
      builtins.getattr builtins.setattr builtins.delattr builtins.apply builtins.map builtins.filter builtins.reduce builtins.vars
      builtins.globals builtins.locals builtins.type builtins.super builtins.property functools.partial functools.partialmethod
      functools.reduce operator.attrgetter operator.itemgetter operator.methodcaller operator.call
      _operator.attrgetter _operator.itemgetter _operator.methodcaller _operator.call
      itertools.accumulate itertools.dropwhile itertools.filterfalse itertools.groupby itertools.starmap itertools.takewhile itertools.tee
      copyreg.* copy_reg.* weakref.* contextlib.ExitStack unittest.mock.* types.ModuleType collections.defaultdict
      torch._tensor._rebuild_from_type_v2`,
  },
  {
    capability: "writes",
    source: "Python documentation: creates, changes or removes files",
    callables: `
      os.remove os.unlink os.rmdir os.removedirs os.rename os.renames os.replace os.mkdir os.makedirs os.chmod os.chown
      os.truncate os.link os.symlink os.write shutil.* tempfile.* pathlib.Path.write_text pathlib.Path.write_bytes
      pathlib.Path.unlink pathlib.Path.touch logging.FileHandler logging.handlers.* logging.config.* distutils.file_util.write_file
      zipfile.* tarfile.* sqlite3.* dbm.* fileinput.* codecs.open numpy.save numpy.savetxt torch.save`,
  },
  {
    capability: "reads",
    source: "Python documentation: opens files, or reads the environment (io.FileIO is in picklescan's tests)",
    callables: `
      builtins.open builtins.file io.open _io.open io.FileIO _io.FileIO io.open_code _io.open_code os.open os.read os.listdir
      os.scandir os.walk os.getenv os.environ os.environb glob.* getpass.* linecache.* pathlib.Path.read_text
      pathlib.Path.read_bytes pathlib.Path.open mmap.* numpy.fromfile numpy.loadtxt numpy.genfromtxt numpy.memmap
      pandas.read_csv pandas.read_json pandas.read_html`,
  },
  {
    capability: "network",
    source: "Python documentation: clients and servers; looking up a host tells it something too (CVE-2025-46417)",
    callables: `
      socket.* _socket.* ssl.* _ssl.* http.* httplib.* urllib.request.* urllib.error.* urllib.response.* urllib.robotparser.*
      urllib.urlopen urllib.urlretrieve urllib.URLopener urllib.FancyURLopener urllib2.* ftplib.* smtplib.* poplib.* imaplib.* nntplib.*
      telnetlib.* xmlrpc.* xmlrpclib.* socketserver.* requests.* httpx.* aiohttp.* urllib3.* paramiko.* huggingface_hub.*
      torch.hub.* torch.utils.model_zoo.*`,
  },
  { capability: "reads", source: "Python documentation: asks the file system what is there", callables: "os.path.*" },
  {
    capability: "runs-code",
    source: "Python documentation: the rest of os and sys acts on the process or the machine",
    callables: "os.* sys.*",
  },
];
