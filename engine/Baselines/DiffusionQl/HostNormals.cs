using EDA.Kernels;

namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>Standard normals that a device draws and the host looks at.</summary>
internal sealed class HostNormals(IDevice device, int count) : IDisposable
{
    private readonly DeviceArray<float> _drawn = device.Allocate<float>(count);
    private readonly float[] _numbers = new float[count];

    /// <summary>Draws them, element i from element i of the purpose.</summary>
    /// <returns>Overwritten by the next call.</returns>
    public float[] Draw(in RandomDraw draw, RandomPurpose purpose)
    {
        if (count == 0)
            return _numbers;
        device.Vector.FillNormal(new() { Values = _drawn, Count = count, Draw = draw, Purpose = purpose });
        _drawn.CopyTo(_numbers);
        return _numbers;
    }

    public void Dispose() => _drawn.Dispose();
}
