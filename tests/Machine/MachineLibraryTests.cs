using EDA.Kernels;
using EDA.Tests.Host;

namespace EDA.Tests.Machine;

/// <summary>How a native library is found or missed, with the C library as the one that every machine has.</summary>
public sealed class MachineLibraryTests : IDisposable
{
    private static readonly string Here = OperatingSystem.IsWindows() ? "kernel32.dll" : OperatingSystem.IsMacOS() ? "libSystem.dylib" : "libc.so.6";
    private static readonly string Function = OperatingSystem.IsWindows() ? "GetTickCount64" : "malloc";

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_first_file_that_will_do_is_used()
    {
        var asked = new List<string>();
        var library = Library(() => ["no-such-library-1", Here, "no-such-library-2"], loaded =>
        {
            asked.Add(loaded.Path);
            Assert.NotEqual(0, loaded.Address(Function));
            return loaded;
        });
        Assert.Empty(asked);
        Assert.True(library.IsFound);
        Assert.Null(library.Refusal);
        library.Require();
        Assert.Same(library.Calls, library.Calls);
        Assert.Equal([Here], asked);
        Assert.Equal("7.1", library.Version);
        Assert.Contains(Path.GetFileNameWithoutExtension(Here), library.Path!, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Where_there_is_none_one_line_says_how_to_get_it()
    {
        var library = Library(() => ["no-such-library"], loaded => loaded);
        Assert.Equal("Thing was not found; install things", library.Refusal);
        Assert.Equal(library.NotFound, library.Refusal);
        Assert.Equal(library.Refusal, Assert.Throws<MissingLibraryException>(library.Require).Message);
        Assert.Equal(library.Refusal, Assert.Throws<MissingLibraryException>(() => library.Calls).Message);
        Assert.Null(library.Path);
        Assert.Null(library.Version);
    }

    [Fact]
    public void One_that_lacks_what_is_needed_is_passed_over_and_named_where_no_other_will_do()
    {
        var library = Library(() => [Here, "no-such-library"], loaded => loaded with { Handle = loaded.Address("no_such_function") });
        Assert.Equal($"{Here} has no no_such_function; install things", library.Refusal);

        int tries = 0;
        Assert.True(Library(() => [Here, Here], loaded => ++tries == 1 ? throw new MissingLibraryException("too old") : loaded).IsFound);
    }

    [Fact]
    public void A_file_that_does_not_load_has_a_reason()
    {
        string file = _folder.Write("libthing.so", "no library at all");
        string refusal = Library(() => [file], loaded => loaded).Refusal!;
        Assert.StartsWith("Thing does not load: ", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal);
        Assert.Equal("explained", new MachineLibrary<LoadedLibrary>("Thing", "wonders", "install things", () => [file], loaded => loaded) { Explain = _ => "explained" }.Refusal);
    }

    [Fact]
    public void A_variable_names_the_only_file_that_is_tried()
    {
        const string Variable = "EDA_TEST_THING";
        Environment.SetEnvironmentVariable(Variable, _folder.At("nowhere.so"));
        var library = new MachineLibrary<LoadedLibrary>("Thing", "wonders", "install things", () => [Here], loaded => loaded) { Variable = Variable };
        Assert.Equal($"{Variable} is '{_folder.At("nowhere.so")}'; allowed is a file of Thing; install things", library.Refusal);
        Environment.SetEnvironmentVariable(Variable, Here);
        Assert.True(new MachineLibrary<LoadedLibrary>("Thing", "wonders", "install things", () => ["no-such-library"], loaded => loaded) { Variable = Variable }.IsFound);
    }

    private static MachineLibrary<LoadedLibrary> Library(Func<IEnumerable<string>> files, Func<LoadedLibrary, LoadedLibrary> bind) =>
        new("Thing", "wonders", "install things", files, bind) { ReadVersion = _ => "7.1" };
}
