using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>A marker of ILGPU's as a mark: on CUDA an event, good to half a microsecond.</summary>
/// <param name="backend">Whose clock.</param>
/// <param name="marker">The marker.</param>
internal sealed class IlgpuMark(IlgpuBackend backend, ProfilingMarker marker) : ITimeMark
{
    private ProfilingMarker Marker => marker;

    public double SecondsSince(ITimeMark earlier)
    {
        try
        {
            return marker.MeasureFrom(((IlgpuMark)earlier).Marker).TotalSeconds;
        }
        catch (CudaException failure)
        {
            throw backend.Failed("reading the time", failure);
        }
    }

    public void Dispose() => backend.GiveBack(marker.Dispose);
}
