using System.Runtime.InteropServices;

namespace EDA.Engine.Environments.Mujoco;

/// <summary>
/// The state functions of MuJoCo 2.3.7 and newer: no field of a structure is looked at. The bit that names a part has
/// moved between releases (3.6 put the history before the controls), so the bits are found by the parts' sizes.
/// </summary>
internal sealed unsafe class StateFunctions : IStateAccess
{
    /// <summary>Every release has this many parts; a bit beyond a release's last one is an error, which ends the process.</summary>
    private const int Bits = 12;

    private readonly delegate* unmanaged[Cdecl]<nint, int, int> _size;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, double*, int, void> _get;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, double*, int, void> _set;
    private readonly int[] _bits = new int[3];

    private StateFunctions(nint size, nint get, nint set)
    {
        _size = (delegate* unmanaged[Cdecl]<nint, int, int>)size;
        _get = (delegate* unmanaged[Cdecl]<nint, nint, double*, int, void>)get;
        _set = (delegate* unmanaged[Cdecl]<nint, nint, double*, int, void>)set;
    }

    public static StateFunctions? TryCreate(nint library) =>
        NativeLibrary.TryGetExport(library, "mj_stateSize", out nint size)
        && NativeLibrary.TryGetExport(library, "mj_getState", out nint get)
        && NativeLibrary.TryGetExport(library, "mj_setState", out nint set)
            ? new StateFunctions(size, get, set)
            : null;

    public int Size(nint model, StatePart part) => _size(model, _bits[(int)part]);

    public void Read(nint model, nint data, StatePart part, Span<double> values)
    {
        fixed (double* to = values)
            _get(model, data, to, _bits[(int)part]);
    }

    public void Write(nint model, nint data, StatePart part, ReadOnlySpan<double> values)
    {
        fixed (double* from = values)
            _set(model, data, from, _bits[(int)part]);
    }

    public string? Settle(nint model, nint data, IReadOnlyDictionary<StatePart, int> sizes)
    {
        foreach (var (part, size) in sizes)
        {
            // The first of that size: what else has a number for each degree of freedom comes after the velocities.
            int bit = 0;
            for (int i = 0; i < Bits && bit == 0; i++)
            {
                if (_size(model, 1 << i) == size)
                    bit = 1 << i;
            }

            if (bit == 0)
                return $"no part of its state has the {size} numbers of the probe's {part.ToString().ToLowerInvariant()}";
            _bits[(int)part] = bit;
        }

        return null;
    }
}
