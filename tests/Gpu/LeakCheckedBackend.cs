using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>The stand-in, which ends a test that has not given every array back: on a GPU its memory would be gone.</summary>
internal class LeakCheckedBackend : SoftwareBackend
{
    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Assert.Equal(0, HeldArrays);
    }
}
