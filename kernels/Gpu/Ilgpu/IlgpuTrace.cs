using System.Diagnostics;

namespace EDA.Kernels.Gpu;

/// <summary>
/// Makes exceptions of ILGPU's failed assertions, which else end the process, and keeps what it says of a kernel that the
/// driver refuses. Assertions of the whole process come here; ours have none to miss.
/// </summary>
internal sealed class IlgpuTrace : TraceListener
{
    [ThreadStatic]
    private static List<string>? _lines;

    private static readonly IlgpuTrace Listener = new();

    /// <summary>Begins to listen, before any other listener.</summary>
    public static void Listen()
    {
        lock (Listener)
        {
            if (!Trace.Listeners.Contains(Listener))
                Trace.Listeners.Insert(0, Listener);
        }
    }

    /// <summary>What was said on this thread since the last call.</summary>
    /// <returns>One line.</returns>
    public static string Said()
    {
        string said = _lines is null ? string.Empty : string.Join(" ", _lines);
        _lines = null;
        return said.ReplaceLineEndings(" ").Trim();
    }

    public override void Write(string? message) => WriteLine(message);

    public override void WriteLine(string? message)
    {
        if (message is not null)
            (_lines ??= []).Add(message);
    }

    public override void Fail(string? message, string? detailMessage) =>
        throw new InvalidOperationException($"an assertion failed: {message} {detailMessage}".Trim());
}
