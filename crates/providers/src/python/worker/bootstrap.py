import sys
if sys.version_info < (3, 7):
    sys.exit("squall needs Python 3.7 or newer; this is %s" % sys.version.split()[0])
import json, os, signal, types
signal.signal(signal.SIGINT, lambda *_: None)  # a terminal's Ctrl-C is for Squall
fd = int(sys.argv[1])
def read(size):
    data = b""
    while len(data) < size:
        more = os.read(fd, size - len(data))
        if not more:
            os._exit(1)
        data += more
    return data
start = json.loads(read(int.from_bytes(read(8), "little")).decode("utf-8"))
package = sys.modules["squall_worker"] = types.ModuleType("squall_worker")
package.__path__ = []
for name, source in start["modules"]:
    module = types.ModuleType("squall_worker." + name)
    sys.modules[module.__name__] = module
    setattr(package, name, module)
    exec(compile(source, "<squall worker>", "exec"), module.__dict__)
package.main.main(fd, start["arguments"])
