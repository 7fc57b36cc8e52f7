namespace EDA.Tests.Kernels;

public class DeviceArrayTests
{
    public static TheoryData<string> Names => TestDevices.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void A_new_array_is_zero(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var numbers = device.Allocate<float>(1037);
        using var indices = device.Allocate<int>(5);
        using var nothing = device.Allocate<float>(0);
        Assert.Equal(new float[1037], numbers.ToArray());
        Assert.Equal(new int[5], indices.ToArray());
        Assert.Empty(nothing.ToArray());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parts_can_be_written_and_read(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var array = device.Allocate<int>(6);
        array.CopyFrom([1, 2, 3], 2);
        array.CopyFrom([9], 5);
        array.CopyFrom([], 6);
        var part = new int[3];
        array.CopyTo(part, 3);
        Assert.Equal([2, 3, 9], part);
        Assert.Equal([0, 0, 1, 2, 3, 9], array.ToArray());
        Assert.Equal(6, array.Length);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Copies_beyond_the_array_are_refused(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var array = device.Allocate<float>(4);
        foreach ((int count, long offset) in new[] { (5, 0L), (1, 4L), (2, 3L), (1, -1L), (0, 5L), (1, long.MaxValue) })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => array.CopyFrom(new float[count], offset));
            Assert.Throws<ArgumentOutOfRangeException>(() => array.CopyTo(new float[count], offset));
        }

        Assert.Equal(new float[4], array.ToArray());
    }
}
