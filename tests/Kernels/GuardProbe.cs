using System.Reflection;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Kernels;

/// <summary>
/// One error of memory each, in a process of its own: <c>dotnet EDA.Tests.dll probe-guard NAME</c>. Where it survives it
/// ends with 0. What is written is what stood there, so that nothing is broken where nothing is guarded.
/// </summary>
internal static unsafe class GuardProbe
{
    /// <summary>The word of the command line.</summary>
    public const string Command = "probe-guard";

    // As many floats as a page has, so that both ends of the array are ends of a page.
    private static readonly int Length = Environment.SystemPageSize / sizeof(float);

    private static readonly Dictionary<string, Action> All = new()
    {
        ["nothing"] = () => WithArray(Length, array => Touch(array + Length - 1)),
        ["read-past"] = () => WithArray(Length, array => Read(array + Length)),
        ["write-past"] = () => WithArray(Length, array => Touch(array + Length)),
        ["read-before"] = () => WithArray(Length, array => Read(array - 1)),
        ["write-before"] = () => WithArray(Length, array => Touch(array - 1)),
        ["read-past-odd"] = () => WithArray(21, array => Read(array + 32)), // the end of its last cache line
        ["read-late"] = ReadLate,
        ["read-past-part"] = () => Read(Record() + (32 * 3)), // of a workspace's first part, with others after it
    };

    // Too small an error to die of at once: it is found when the memory is given back.
    private static readonly Action WriteInCacheLine = () => WithArray(21, array => array[21] = 1);

    private static float _sink;

    /// <summary>The errors that end in death by a forbidden page.</summary>
    public static IEnumerable<string> Deadly => All.Keys.Where(name => name != "nothing");

    /// <summary>Makes one.</summary>
    public static int Run(string name)
    {
        (name == "write-in-cache-line" ? WriteInCacheLine : All[name])();
        Console.WriteLine("survived");
        return 0;
    }

    private delegate void Probe(float* array);

    private static void WithArray(int length, Probe probe)
    {
        using var device = new CpuDevice(new CpuOptions(SimdLevel.Portable, 1));
        using var array = device.Allocate<float>(length);
        probe((float*)CpuMemory.Address(array, length));
    }

    private static void ReadLate()
    {
        nint address = 0;
        WithArray(Length, array => address = (nint)array);
        Read((float*)address);
    }

    // The first of two records of two parts, [3][32] and [5][32]: no test sees these types otherwise.
    private static float* Record()
    {
        var assembly = typeof(CpuDevice).Assembly;
        Type layoutType = assembly.GetType("EDA.Kernels.Cpu.RecordLayout")!, bufferType = assembly.GetType("EDA.Kernels.Cpu.NativeBuffer")!;
        object layout = Activator.CreateInstance(layoutType)!;
        long first = Take(3 * 32);
        Take(5 * 32);
        object buffer = Activator.CreateInstance(bufferType)!;
        GC.SuppressFinalize(buffer);
        var require = bufferType.GetMethods().Single(method => method.Name == "Require" && method.GetParameters().Length == 3);
        return (float*)Pointer.Unbox(require.Invoke(buffer, [layout, 2L, false])!) + first;

        long Take(long floats) => (long)layoutType.GetMethod("Take")!.Invoke(layout, [floats])!;
    }

    private static void Read(float* at) => Volatile.Write(ref _sink, Volatile.Read(ref *at));

    private static void Touch(float* at) => Volatile.Write(ref *at, Volatile.Read(ref *at));
}
