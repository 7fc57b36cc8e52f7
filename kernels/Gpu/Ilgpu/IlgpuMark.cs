using ILGPU.Runtime;

namespace EDA.Kernels.Gpu;

/// <summary>A marker of ILGPU's as a mark: on CUDA an event, good to half a microsecond.</summary>
/// <param name="marker">The marker.</param>
internal sealed class IlgpuMark(ProfilingMarker marker) : ITimeMark
{
    private ProfilingMarker Marker => marker;

    public double SecondsSince(ITimeMark earlier) => marker.MeasureFrom(((IlgpuMark)earlier).Marker).TotalSeconds;

    public void Dispose() => marker.Dispose();
}
