namespace EDA.Kernels.Cpu;

/// <summary>
/// Workspace memory, aligned to a cache line, grown when a larger batch comes, never shrunk. What stands in fresh memory is
/// undefined, unless zeros were asked for: where memory is guarded it is NaN.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private long _length;
    private IReadOnlyList<GuardedPart> _parts = [];
    private long _stride;

    ~NativeBuffer() => Release();

    public float* Pointer { get; private set; }

    /// <summary>Makes room for at least <paramref name="length"/> floats; contents are lost when it grows.</summary>
    public float* Require(long length) => Require(length, zeroed: false);

    /// <summary>Makes room for some records, at the layout's stride; contents are lost when it grows.</summary>
    /// <param name="layout">The parts of a record, the same at every call.</param>
    /// <param name="records">How many records.</param>
    /// <param name="zeroed">Whether fresh records are to be zeros.</param>
    /// <returns>The first record.</returns>
    public float* Require(in RecordLayout layout, long records = 1, bool zeroed = false)
    {
        Require(checked(layout.Stride * records), zeroed);
        if (_parts.Count == 0 && layout.Parts.Count > 0)
        {
            (_parts, _stride) = (layout.Parts, layout.Stride);
            for (float* record = Pointer; record < Pointer + _length; record += _stride)
                Guard(record);
        }

        return Pointer;
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private float* Require(long length, bool zeroed)
    {
        // A guarded buffer ends where the floats of this call do.
        if (Pointer != null && (GuardedPages.IsOn ? length == _length : length <= _length))
            return Pointer;
        Release();
        Pointer = (float*)NativePages.Allocate(checked((nuint)Math.Max(length, 16) * sizeof(float)), zeroed);
        _length = length;
        return Pointer;
    }

    private void Release()
    {
        if (_parts.Count > 0)
        {
            for (float* record = Pointer; record < Pointer + _length; record += _stride)
                RequireUntouched(record);
            _parts = [];
        }

        NativePages.Free(Pointer);
        Pointer = null;
        _length = 0;
    }

    private void Guard(float* record)
    {
        foreach (var part in _parts)
        {
            GuardedPages.FillPattern(record + part.PagesStart, record + part.Start);
            GuardedPages.FillPattern(record + part.End, record + part.PagesEnd);
            GuardedPages.ForbidPage(record + part.PagesEnd);
        }
    }

    private void RequireUntouched(float* record)
    {
        foreach (var part in _parts)
        {
            GuardedPages.RequirePattern(record + part.PagesStart, record + part.Start, "before a part of a record");
            GuardedPages.RequirePattern(record + part.End, record + part.PagesEnd, "past a part of a record");
        }
    }
}
