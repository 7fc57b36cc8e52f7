using System.Runtime.InteropServices;
using EDA.Engine.Stages;

namespace EDA.Host.Devices;

/// <summary>
/// Shows stages as ranges in NVIDIA's profilers, through their NVTX library. A profiler that is not there costs a call a
/// stage; a library that is not there, nothing.
/// </summary>
public sealed class NvtxRanges : ITrainingObserver, IDisposable
{
    // Up to CUDA 12, and from then on.
    private static readonly string[] Libraries = OperatingSystem.IsWindows()
        ? ["nvToolsExt64_1.dll"]
        : ["libnvToolsExt.so.1", "libnvtx3interop.so.1", "libnvtx3interop.so"];

    private readonly Action<string> _push;
    private readonly Action _pop;
    private int _open;

    /// <summary>Makes an observer that opens ranges by two calls.</summary>
    /// <param name="push">Opens a range of a name within those open.</param>
    /// <param name="pop">Closes the range opened last.</param>
    public NvtxRanges(Action<string> push, Action pop) => (_push, _pop) = (push, pop);

    [UnmanagedFunctionPointer(CallingConvention.Winapi)]
    private delegate int RangePush([MarshalAs(UnmanagedType.LPUTF8Str)] string message);

    [UnmanagedFunctionPointer(CallingConvention.Winapi)]
    private delegate int RangePop();

    /// <summary>Finds the library.</summary>
    /// <returns>The observer; null where there is no such library.</returns>
    public static NvtxRanges? TryOpen()
    {
        foreach (string name in Libraries)
        {
            if (NativeLibrary.TryLoad(name, out nint library)
                && NativeLibrary.TryGetExport(library, "nvtxRangePushA", out nint push)
                && NativeLibrary.TryGetExport(library, "nvtxRangePop", out nint pop))
            {
                var (pushRange, popRange) = (Marshal.GetDelegateForFunctionPointer<RangePush>(push), Marshal.GetDelegateForFunctionPointer<RangePop>(pop));
                return new NvtxRanges(message => pushRange(message), () => popRange());
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void StageStarted(string stage, long step, long total)
    {
        _push(stage);
        _open++;
    }

    /// <inheritdoc/>
    public void Progress(in TrainingProgress progress)
    {
    }

    /// <inheritdoc/>
    public void StageFinished(StageResult result) => Close();

    /// <summary>Closes what an exception left open.</summary>
    public void Dispose()
    {
        while (_open > 0)
            Close();
    }

    private void Close()
    {
        if (_open == 0)
            return;
        _open--;
        _pop();
    }
}
