using EDA.Bench.Ptx;

namespace EDA.Tests.Ptx;

/// <summary>The interpreted PTX, for tests: whoever made an array has disposed of it.</summary>
/// <param name="options">How kernels are run; null for the usual.</param>
/// <param name="edit">Changes the PTX of a kernel before it is run; null to leave all as they are.</param>
internal sealed class CheckedPtxBackend(PtxOptions? options = null, Func<string, string, string>? edit = null) : PtxBackend(options, edit)
{
    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Assert.Equal(0, HeldArrays);
    }
}
